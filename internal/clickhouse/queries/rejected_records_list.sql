SELECT source, arrival_time, event_id, field, problem, raw
FROM rejected_records FINAL
WHERE tenant = {tenant:String}
ORDER BY arrival_time DESC, raw_hash
LIMIT {limit:UInt32}
