-- Raised alerts whose context may have changed: about subjects with new events from ninety days before to an hour after, or whose hour after the end has passed.
-- They are found by light columns first, then fetched whole.
WITH
touched AS
(
    SELECT DISTINCT alert_id
    FROM alert_history
    WHERE tenant = {tenant:String}
        AND (subject_id IN {subjects:Array(String)} AND end_time >= {first:DateTime64(7, 'UTC')} - toIntervalHour(1) AND start_time <= {last:DateTime64(7, 'UTC')} + toIntervalDay(90)
            OR end_time > {passed:DateTime64(7, 'UTC')} - toIntervalHour(1) AND end_time <= {watermark:DateTime64(7, 'UTC')} - toIntervalHour(1))
),
selected AS
(
    SELECT sequence
    FROM
    (
        SELECT sequence, alert_id, subject_id, start_time, end_time, retracted, suppressed_by
        FROM alert_history
        WHERE tenant = {tenant:String} AND alert_id IN (SELECT alert_id FROM touched)
        ORDER BY sequence DESC
        LIMIT 1 BY alert_id
    )
    WHERE NOT retracted AND empty(suppressed_by)
        AND (subject_id IN {subjects:Array(String)} AND end_time >= {first:DateTime64(7, 'UTC')} - toIntervalHour(1) AND start_time <= {last:DateTime64(7, 'UTC')} + toIntervalDay(90)
            OR end_time > {passed:DateTime64(7, 'UTC')} - toIntervalHour(1) AND end_time <= {watermark:DateTime64(7, 'UTC')} - toIntervalHour(1))
    ORDER BY end_time, alert_id
    LIMIT {limit:UInt32}
)
SELECT
    sequence, tenant, alert_id, change, previous_state, previous_severity, previous_start, previous_end, actor, update_time, create_time, detection, subject_type, subject_id, subject_email, subject_name,
    finding_key, anchor_time, start_time, end_time, event_ids, event_count, score, severity, title, evidence, context, suppressed_by,
    retracted, superseded_by, triage_state, classification, assignee, comments, reason, resolution, previous
FROM alert_history
WHERE sequence IN (SELECT sequence FROM selected)
ORDER BY end_time, alert_id
