INSERT INTO deliveries (destination, alert_id, sequence, severity, state, event_count, end_time, ended, finding, time)
