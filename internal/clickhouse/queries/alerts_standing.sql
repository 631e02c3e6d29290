-- Every alert that was neither suppressed nor retracted when head was the last change, in no order.
SELECT
    sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
    finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
    retracted, superseded_by, triage_state, classification, assignee, comments, reason, resolution, previous
FROM alert_history
WHERE tenant = {tenant:String} AND sequence IN
(
    SELECT sequence
    FROM
    (
        SELECT sequence, retracted OR notEmpty(suppressed_by) AS gone
        FROM alert_history
        WHERE tenant = {tenant:String} AND sequence <= {head:UInt64}
        ORDER BY sequence DESC
        LIMIT 1 BY alert_id
    )
    WHERE NOT gone
)
