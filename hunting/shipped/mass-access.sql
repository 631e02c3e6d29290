SELECT user_id, any(user_email) AS email, toStartOfHour(ts) AS hour, uniqExact(envelope_id) AS envelopes, topK(3)(action) AS acts
FROM events
WHERE envelope_id != '' AND ts >= now64() - toIntervalDay({days:UInt32})
GROUP BY user_id, hour
ORDER BY envelopes DESC, hour DESC, user_id
LIMIT 100
