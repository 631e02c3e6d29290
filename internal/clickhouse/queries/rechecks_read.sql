SELECT sequence, detection, subject_type, subject_id, first_ts, last_ts, reason
FROM rechecks
WHERE tenant = {tenant:String} AND sequence > {after:UInt64}
ORDER BY sequence
LIMIT 10000
