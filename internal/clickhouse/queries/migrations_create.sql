CREATE TABLE IF NOT EXISTS schema_migrations
(
    number UInt32 COMMENT 'number of the step',
    name String COMMENT 'name of the step',
    time DateTime64(3, 'UTC') COMMENT 'when it was taken'
)
ENGINE = ReplacingMergeTree(time)
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Steps of the schema that were taken'
