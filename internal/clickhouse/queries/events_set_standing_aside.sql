-- Keeps the standing records whose place others take, before they do.
INSERT INTO event_conflicts (tenant, event_id, content_hash, source, trust, ts, arrival_time, raw)
SELECT tenant, event_id, content_hash, source, trust, ts, arrival_time, raw
FROM events
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} AND content_hash NOT IN {winners:Array(UInt64)}
