ALTER TABLE alert_history COMMENT COLUMN subject_type 'user, address, integration or source: a way by which events come in'
