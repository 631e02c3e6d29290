INSERT INTO dead_letters (destination, sequence, alert_id, reason, time, first_time, state, author, payload)
