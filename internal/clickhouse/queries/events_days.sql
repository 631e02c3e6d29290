SELECT toStartOfDay(ts) AS day, count() AS events
FROM events
WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(7, 'UTC')} AND ts < {to:DateTime64(7, 'UTC')}
GROUP BY day
ORDER BY day
