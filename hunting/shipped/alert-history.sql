SELECT sequence, change, update_time, actor, severity, event_count, triage_state, suppressed_by
FROM alert_history
WHERE alert_id = {alert:String}
ORDER BY sequence
