INSERT INTO event_conflicts (tenant, event_id, content_hash, source, trust, ts, arrival_time, raw)
