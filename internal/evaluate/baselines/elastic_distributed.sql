-- One alert per quarter of an hour; it has no subject of its own.
SELECT
    'address' AS subject_type, argMax(one_address, attempts) AS subject_id, arrayMap(e -> e.2, arraySort(arrayFlatten(groupArray(found)))) AS event_ids,
    min(arrayMin(arrayMap(e -> e.1, found))) AS start_time, max(arrayMax(arrayMap(e -> e.1, found))) AS end_time, toFloat64(sum(attempts)) AS score
FROM
(
    SELECT user_id, any(ip_address) AS one_address, groupUniqArray(ip_address) AS addresses, toStartOfInterval(ts, toIntervalMinute(15)) AS bucket, count() AS attempts,
        groupArray((ts, event_id)) AS found
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'failed_logon'
    GROUP BY user_id, bucket
)
GROUP BY bucket
HAVING count() >= 8 AND sum(attempts) >= 25 AND max(attempts) <= 5 AND length(groupUniqArrayArray(addresses)) >= 5
