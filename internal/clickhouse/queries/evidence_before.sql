-- The versions of alerts that were the newest up to a sequence.
SELECT sequence, alert_id, detection, subject_type, subject_id, start_time, end_time, event_ids, event_count, NOT retracted AND empty(suppressed_by) AS raised
FROM alert_history
WHERE tenant = {tenant:String} AND detection IN {detections:Array(String)} AND alert_id IN {ids:Array(String)} AND sequence <= {upto:UInt64}
ORDER BY sequence DESC
LIMIT 1 BY alert_id
