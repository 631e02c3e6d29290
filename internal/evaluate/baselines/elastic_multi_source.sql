SELECT
    'user' AS subject_type, user_id AS subject_id, groupArray(event_id) AS event_ids, min(ts) AS start_time, max(ts) AS end_time, toFloat64(count()) AS score
FROM
(
    SELECT user_id, event_id, ts, ip_address, country, asn, user_agent
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'failed_logon'
        AND user_id != '' AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
)
GROUP BY user_id, toStartOfHour(ts)
HAVING count() >= 10 AND uniqExact(ip_address) >= 5 AND (uniqExact(country) >= 2 OR uniqExact(asn) >= 3 OR uniqExact(ip_address) >= 8 OR uniqExact(user_agent) >= 3)
