CREATE TABLE IF NOT EXISTS deliveries
(
    destination LowCardinality(String) COMMENT 'destination that accepted it',
    alert_id String COMMENT 'the alert',
    sequence UInt64 COMMENT 'the newest change of it that the destination accepted, see alert_history; the highest of an alert counts',
    severity LowCardinality(String) COMMENT 'severity of that version',
    state LowCardinality(String) COMMENT 'state of that version',
    event_count UInt64 COMMENT 'events of that version',
    end_time DateTime64(7, 'UTC') COMMENT 'last event of that version',
    ended Bool COMMENT 'whether the hour after its last event was known whole then',
    time DateTime64(3, 'UTC') COMMENT 'when it was accepted'
)
ENGINE = ReplacingMergeTree(sequence)
ORDER BY (destination, alert_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What each destination was sent last of each alert; read it with FINAL'
