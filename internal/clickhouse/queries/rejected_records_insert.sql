INSERT INTO rejected_records (tenant, source, arrival_time, event_id, field, problem, raw)
