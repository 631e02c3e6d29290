SELECT tenant, id, detection, alert_id, subject_type, subject_id, attributes, max_severity, valid_from, valid_to, classification, reason, created_by, created_at, removed, removed_by, removed_at
FROM exceptions FINAL
WHERE tenant = {tenant:String}
ORDER BY created_at DESC, id DESC
