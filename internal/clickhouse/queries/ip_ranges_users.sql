-- Users with events from addresses about which a source says something, and when.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE tenant = {tenant:String} AND user_id != '' AND ip_address != ''
    AND ip IN (SELECT DISTINCT ip FROM events WHERE tenant = {tenant:String} AND has(dictGet('ip_intelligence', 'sources', ip), {source:String}))
GROUP BY user_id
