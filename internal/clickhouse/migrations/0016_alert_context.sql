ALTER TABLE alert_history ADD COLUMN IF NOT EXISTS
    context String COMMENT 'what else is known of the subject and of the circumstances, a JSON object; empty for what raised no alert' CODEC(ZSTD(3)) AFTER evidence
