SELECT
    'address' AS subject_type, ip_address AS subject_id, arrayMap(e -> e.2, arraySort(arrayFlatten(groupArray(found)))) AS event_ids,
    min(arrayMin(arrayMap(e -> e.1, found))) AS start_time, max(arrayMax(arrayMap(e -> e.1, found))) AS end_time, toFloat64(sum(attempts)) AS score
FROM
(
    SELECT ip_address, user_id, toStartOfInterval(ts, toIntervalHour(1)) AS bucket, count() AS attempts, groupArray((ts, event_id)) AS found
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'failed_logon'
        AND ip_address != '' AND (empty({subjects:Array(String)}) OR ip_address IN {subjects:Array(String)})
    GROUP BY ip_address, user_id, bucket
)
GROUP BY ip_address, bucket
HAVING sum(attempts) >= 25 AND count() >= 15 AND countIf(attempts <= 2) >= 0.8 * count()
