SELECT integration_key, uniqExact(user_id) AS users, count() AS calls, uniqExact(ip_address) AS addresses, min(ts) AS first, max(ts) AS last
FROM events
WHERE integration_key != ''
GROUP BY integration_key
ORDER BY users DESC, integration_key
