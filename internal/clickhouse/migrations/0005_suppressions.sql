CREATE VIEW IF NOT EXISTS suppressions AS
SELECT tenant, detection, subject_type, subject_id, start_time, end_time, arrayJoin(suppressed_by) AS reason, alert_id, title, evidence
FROM alerts
WHERE state = 'suppressed'
COMMENT 'Findings that raised no alert, one row per reason'
