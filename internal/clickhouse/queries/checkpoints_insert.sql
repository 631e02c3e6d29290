INSERT INTO checkpoints (name, position, cursor, line, update_time, version)
