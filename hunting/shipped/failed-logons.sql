SELECT user_id, any(user_email) AS email, count() AS failures, uniqExact(ip_address) AS addresses, groupUniqArray(5)(country) AS countries, max(ts) AS last
FROM events
WHERE activity = 'failed_logon' AND ts >= now64() - toIntervalDay({days:UInt32})
GROUP BY user_id
ORDER BY failures DESC, user_id
LIMIT 100
