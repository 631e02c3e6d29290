ALTER TABLE alert_history ADD PROJECTION IF NOT EXISTS by_sequence_number (SELECT * ORDER BY sequence)
