SELECT activity, count() AS events, uniqExact(user_id) AS users, min(ts) AS first, max(ts) AS last
FROM events
WHERE ts >= now64() - toIntervalDay({days:UInt32})
GROUP BY activity
ORDER BY events DESC, activity
