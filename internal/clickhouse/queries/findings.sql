-- What stands in the parentheses is the query.sql of a detection; its parameters are bound by the server.
SELECT
    subject_type, subject_id, subject_email, subject_name, finding_key, anchor_time, start_time, end_time,
    event_ids, event_count, score, severity, title, evidence, suppressed_by
FROM
(
/* detection */
)
WHERE tenant = {tenant:String}
ORDER BY anchor_time, subject_id, finding_key
