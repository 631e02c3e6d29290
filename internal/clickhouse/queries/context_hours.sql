-- The hours in which anybody of the organisation was seen.
SELECT toStartOfHour(ts) AS hour
FROM events
WHERE tenant = {tenant:String} AND held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
GROUP BY hour
ORDER BY hour
