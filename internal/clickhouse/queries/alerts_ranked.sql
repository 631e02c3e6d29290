-- The first findings of a detection with their anchors in a span of time, the end excluded, that nothing but its limit of a day
-- suppresses.
SELECT *
FROM
(
    SELECT
        sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
        finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
        retracted, superseded_by, triage_state, classification, assignee, comments, reason, resolution, previous
    FROM alert_history
    WHERE tenant = {tenant:String} AND detection = {detection:String} AND alert_id IN
    (
        SELECT alert_id FROM alert_history
        WHERE tenant = {tenant:String} AND detection = {detection:String} AND anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time < {to:DateTime64(7, 'UTC')}
    )
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
)
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time < {to:DateTime64(7, 'UTC')}
    AND NOT retracted AND (empty(suppressed_by) OR suppressed_by = ['daily_limit'])
ORDER BY anchor_time, subject_id, finding_key
LIMIT {limit:UInt32}
