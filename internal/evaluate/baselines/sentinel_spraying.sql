SELECT
    'address' AS subject_type, ip_address AS subject_id, groupArrayIf(event_id, activity = 'failed_logon') AS event_ids,
    min(ts) AS start_time, max(ts) AS end_time, toFloat64(uniqExactIf(user_id, activity = 'failed_logon')) AS score
FROM events
WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity IN ('logon', 'failed_logon') AND ip_address != ''
    AND (empty({subjects:Array(String)}) OR ip_address IN {subjects:Array(String)})
GROUP BY ip_address, toStartOfInterval(ts, toIntervalMinute(20))
HAVING score >= 5 AND score > uniqExactIf(user_id, activity = 'logon')
