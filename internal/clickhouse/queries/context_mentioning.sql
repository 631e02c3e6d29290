-- Raised alerts about others that tell of one of the users by id: their names may be known now. Found by what they tell first, then fetched whole.
SELECT
    sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
    finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
    retracted, superseded_by, triage_state, classification, assignee, comments, reason, resolution, previous
FROM alert_history
WHERE sequence IN
(
    SELECT sequence
    FROM
    (
        SELECT sequence, alert_id, retracted, suppressed_by
        FROM alert_history
        WHERE tenant = {tenant:String} AND alert_id IN
        (
            SELECT alert_id
            FROM alert_history
            WHERE tenant = {tenant:String} AND subject_id NOT IN {users:Array(String)}
                AND (multiSearchAny(title, {users:Array(String)}) OR multiSearchAny(evidence, {users:Array(String)}))
        )
        ORDER BY sequence DESC
        LIMIT 1 BY alert_id
    )
    WHERE NOT retracted AND empty(suppressed_by)
    ORDER BY sequence DESC
    LIMIT {limit:UInt32}
)
ORDER BY end_time, alert_id
