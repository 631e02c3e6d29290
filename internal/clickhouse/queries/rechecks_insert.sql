INSERT INTO rechecks (sequence, tenant, detection, subject_type, subject_id, first_ts, last_ts, reason, time)
