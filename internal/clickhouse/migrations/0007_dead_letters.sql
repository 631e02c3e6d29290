CREATE TABLE IF NOT EXISTS dead_letters
(
    destination LowCardinality(String) COMMENT 'destination that will never take it',
    sequence UInt64 COMMENT 'change of an alert, see alert_history',
    alert_id String COMMENT 'its alert',
    reason String COMMENT 'why the destination refused it',
    time DateTime64(3, 'UTC') COMMENT 'when it was set aside',
    payload String COMMENT 'what was sent' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(time)
ORDER BY (destination, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Alert changes that a destination will never take, each with its reason'
