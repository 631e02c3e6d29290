-- When the first of the events came in that were stored after a sequence.
SELECT count() AS events, min(arrival_time) AS first
FROM events
WHERE tenant = {tenant:String} AND sequence > {after:UInt64}
