INSERT INTO checkpoints (name, position, line, update_time, version)
