-- The versions of the alerts of some detections after a sequence, in order, with the events that they name.
SELECT sequence, alert_id, detection, subject_type, subject_id, start_time, end_time, event_ids, event_count, NOT retracted AND empty(suppressed_by) AS raised
FROM alert_history
WHERE tenant = {tenant:String} AND detection IN {detections:Array(String)} AND sequence > {after:UInt64} AND sequence <= {upto:UInt64}
ORDER BY sequence
LIMIT {limit:UInt32}
