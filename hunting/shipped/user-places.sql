SELECT toDate(ts) AS day, country, city, uniqExact(ip_address) AS addresses, count() AS events
FROM events
WHERE user_id = {user:String} AND place_kind = 'user'
GROUP BY day, country, city
ORDER BY day DESC, events DESC
