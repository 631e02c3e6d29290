SELECT user_id, any(user_email) AS email, as_organization AS network, min(ts) AS first, count() AS events, groupUniqArray(5)(country) AS countries
FROM events
WHERE user_id != '' AND as_organization != ''
GROUP BY user_id, as_organization
HAVING first >= now64() - toIntervalDay({days:UInt32})
ORDER BY first DESC, user_id
LIMIT 500
