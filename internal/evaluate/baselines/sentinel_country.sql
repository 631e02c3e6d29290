WITH
signins AS
(
    SELECT user_id, event_id, ts, country
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'logon' AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND country != ''
),
gaps AS
(
    SELECT *, lagInFrame(ts) OVER (PARTITION BY user_id, country ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
    FROM signins
)
SELECT 'user' AS subject_type, user_id AS subject_id, [event_id] AS event_ids, ts AS start_time, ts AS end_time, 1. AS score
FROM gaps
WHERE before < ts - toIntervalDay(90)
