WITH
newest AS
(
    SELECT sequence, end_time, start_time, alert_id, detection, subject_id, severity,
        multiIf(retracted, 'retracted', notEmpty(suppressed_by), 'suppressed', triage_state) AS state
    FROM alert_history
    WHERE tenant = {tenant:String} AND sequence <= {head:UInt64}
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
)
SELECT count() AS total
FROM newest
WHERE state IN {states:Array(String)}
        AND (empty({detections:Array(String)}) OR detection IN {detections:Array(String)})
        AND (empty({subject_ids:Array(String)}) OR subject_id IN {subject_ids:Array(String)})
        AND severity IN {severities:Array(String)}
        AND end_time >= {start:DateTime64(7, 'UTC')} AND start_time < {end:DateTime64(7, 'UTC')}
