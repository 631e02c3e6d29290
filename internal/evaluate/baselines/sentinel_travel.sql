WITH signins AS
(
    SELECT user_id, event_id, ts, country
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'logon' AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND country != ''
)
SELECT
    'user' AS subject_type, user_id AS subject_id, arrayMap(e -> e.2, arraySort(groupArray((ts, event_id)))) AS event_ids,
    min(ts) AS start_time, max(ts) AS end_time, toFloat64(uniqExact(country)) AS score
FROM signins
GROUP BY user_id, toStartOfInterval(ts, toIntervalHour(3))
HAVING score >= 2
