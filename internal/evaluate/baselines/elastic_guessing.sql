WITH
failures AS
(
    SELECT user_id, event_id, ts
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'failed_logon'
        AND user_id != '' AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
),
counted AS
(
    SELECT *, count() OVER (PARTITION BY user_id ORDER BY toUnixTimestamp64Micro(ts) RANGE BETWEEN 300000000 PRECEDING AND CURRENT ROW) AS number,
        groupArray(event_id) OVER (PARTITION BY user_id ORDER BY toUnixTimestamp64Micro(ts) RANGE BETWEEN 300000000 PRECEDING AND CURRENT ROW) AS ids
    FROM failures
)
SELECT 'user' AS subject_type, user_id AS subject_id, arrayDistinct(arrayFlatten(groupArray(ids))) AS event_ids, min(ts) AS start_time, max(ts) AS end_time, toFloat64(max(number)) AS score
FROM counted
WHERE number >= 30
GROUP BY user_id, toStartOfHour(ts)
