ALTER TABLE checkpoints ADD COLUMN IF NOT EXISTS cursor String COMMENT 'where a source outside goes on, in its own words; empty where the position says all' AFTER position
