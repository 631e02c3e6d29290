SELECT max(sequence) AS last, detection, subject_type, subject_id, min(first_ts) AS first, max(last_ts) AS until
FROM rechecks
WHERE tenant = {tenant:String} AND reason = {reason:String} AND sequence > {after:UInt64}
GROUP BY detection, subject_type, subject_id
ORDER BY last
