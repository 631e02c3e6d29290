-- Each way in as the stored events show it, for after a restart.
SELECT source, max(arrival_time) AS last_arrival, max(ts) AS last_event, argMax(ts, (arrival_time, ts)) AS last_arrived_event
FROM events
WHERE tenant = {tenant:String} AND held_until <= {line:DateTime64(7, 'UTC')}
GROUP BY source
ORDER BY source
