SELECT object, action, count() AS events, max(ts) AS last
FROM events
WHERE activity = 'unknown' AND ts >= {since:DateTime64(7, 'UTC')}
GROUP BY object, action
ORDER BY events DESC, object, action
LIMIT 100
