-- The newest version of each of the given alerts up to a change.
SELECT
    sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
    finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
    retracted, superseded_by, triage_state, classification, assignee, comments, reason, resolution, previous
FROM alert_history
WHERE tenant = {tenant:String} AND alert_id IN {ids:Array(String)} AND sequence <= {upTo:UInt64}
ORDER BY sequence DESC
LIMIT 1 BY alert_id
