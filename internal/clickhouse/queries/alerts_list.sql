-- One page: the newest version of each alert is found by light columns first, then fetched whole.
WITH
newest AS
(
    SELECT sequence, end_time, start_time, alert_id, detection, subject_id, severity,
        multiIf(retracted, 'retracted', notEmpty(suppressed_by), 'suppressed', triage_state) AS state
    FROM alert_history
    WHERE tenant = {tenant:String} AND sequence <= {head:UInt64}
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
),
selected AS
(
    SELECT sequence
    FROM newest
    WHERE state IN {states:Array(String)}
        AND (empty({detections:Array(String)}) OR detection IN {detections:Array(String)})
        AND (empty({subject_ids:Array(String)}) OR subject_id IN {subject_ids:Array(String)})
        AND severity IN {severities:Array(String)}
        AND end_time >= {start:DateTime64(7, 'UTC')} AND start_time < {end:DateTime64(7, 'UTC')}
        AND (end_time, alert_id) < ({after_ts:DateTime64(7, 'UTC')}, {after_id:String})
    ORDER BY end_time DESC, alert_id DESC
    LIMIT {limit:UInt32}
)
SELECT
    sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
    finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
    retracted, superseded_by, triage_state, classification, assignee, comments
FROM alert_history
WHERE sequence IN (SELECT sequence FROM selected)
ORDER BY end_time DESC, alert_id DESC
