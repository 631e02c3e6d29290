SELECT ts, user_id, user_email, object, action, property, result, ip_address, country, city
FROM events
WHERE administrative AND ts >= now64() - toIntervalDay({days:UInt32})
ORDER BY ts DESC, event_id
LIMIT 1000
