-- What is known of the findings of a detection that are anchored in a span of time, the end excluded, and are no alerts because of its
-- limit of a day: how many there are, and the anchor, the severity and the evidence of the first.
SELECT count() AS beyond, min(anchor_time) AS first, argMin(severity, (anchor_time, subject_id, finding_key)) AS severity, argMin(evidence, (anchor_time, subject_id, finding_key)) AS evidence
FROM
(
    SELECT anchor_time, subject_id, finding_key, severity, evidence, suppressed_by, retracted
    FROM alert_history
    WHERE tenant = {tenant:String} AND detection = {detection:String} AND alert_id IN
    (
        SELECT alert_id FROM alert_history
        WHERE tenant = {tenant:String} AND detection = {detection:String} AND anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time < {to:DateTime64(7, 'UTC')}
    )
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
)
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time < {to:DateTime64(7, 'UTC')} AND NOT retracted AND suppressed_by = ['daily_limit']
