-- Keeps the standing records whose place others take, before they do; also those with the same content, by which Settle
-- finds what was cut short.
INSERT INTO event_conflicts (tenant, event_id, content_hash, source, trust, ts, arrival_time, raw)
SELECT tenant, event_id, content_hash, source, trust, ts, arrival_time, raw
FROM events
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} AND sequence NOT IN {winners:Array(UInt64)}
