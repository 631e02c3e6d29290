CREATE TABLE IF NOT EXISTS checkpoints
(
    name String COMMENT 'whose checkpoint: analysis/<tenant>/<detection>, export/<destination>, ...',
    position UInt64 COMMENT 'sequence up to which all is done',
    line DateTime64(7, 'UTC') COMMENT 'event time up to which held events were released; 1970 where it has no meaning',
    update_time DateTime64(3, 'UTC') COMMENT 'when it was stored',
    version UInt64 COMMENT 'the highest version of a name counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'How far each reader of a sequence has come; read it with FINAL'
