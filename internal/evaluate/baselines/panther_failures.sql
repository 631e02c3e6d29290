WITH failures AS
(
    SELECT ip_address, user_id, event_id, ts
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'failed_logon'
)
SELECT 'user' AS subject_type, user_id AS subject_id, groupArray(event_id) AS event_ids, min(ts) AS start_time, max(ts) AS end_time, toFloat64(count()) AS score
FROM failures
WHERE user_id != ''
GROUP BY user_id, toStartOfHour(ts)
HAVING score >= 20
UNION ALL
SELECT 'address' AS subject_type, ip_address AS subject_id, groupArray(event_id) AS event_ids, min(ts) AS start_time, max(ts) AS end_time, toFloat64(count()) AS score
FROM failures
WHERE ip_address != ''
GROUP BY ip_address, toStartOfHour(ts)
HAVING score >= 20
