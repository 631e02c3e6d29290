-- One page: the newest version of each alert is found by light columns first, then fetched whole, in no order.
WITH
/* selected */,
page AS
(
    SELECT sequence
    FROM selected
    WHERE (sort_key, alert_id) < ({after_key:Int64}, {after_id:String})
    ORDER BY sort_key DESC, alert_id DESC
    LIMIT {limit:UInt32}
)
SELECT
    sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
    finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
    retracted, superseded_by, triage_state, classification, assignee, comments, reason, resolution, previous
FROM alert_history
WHERE sequence IN (SELECT sequence FROM page)
