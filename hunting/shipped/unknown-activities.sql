SELECT object, action, property, result, source, count() AS events, max(ts) AS last
FROM events
WHERE activity = 'unknown'
GROUP BY object, action, property, result, source
ORDER BY events DESC, object, action
LIMIT 500
