-- What follows FROM is the call of the view with its parameters: identifiers from the detection's files, values bound by the server.
SELECT
    subject_type, subject_id, subject_email, subject_name, finding_key, anchor_time, start_time, end_time,
    event_ids, event_count, score, severity, title, evidence, suppressed_by
FROM /* call */
WHERE tenant = {tenant:String}
ORDER BY anchor_time, subject_id, finding_key
