SELECT ip_address, any(as_organization) AS network, any(country) AS country, uniqExact(user_id) AS users, count() AS events, max(ts) AS last
FROM events
WHERE ip_address != '' AND ts >= now64() - toIntervalDay({days:UInt32})
GROUP BY ip_address
HAVING users >= {users:UInt32}
ORDER BY users DESC, ip_address
