CREATE TABLE IF NOT EXISTS audit_log
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    id String COMMENT 'entry by id',
    time DateTime64(3, 'UTC') COMMENT 'when it began',
    kind LowCardinality(String) COMMENT 'what was done: hunt',
    actor String COMMENT 'who did it, as they said',
    via LowCardinality(String) COMMENT 'by which way: api or clickhouse',
    hunt String COMMENT 'saved hunt by id; empty for a statement of its own',
    statement String COMMENT 'SQL as it was sent; of one that was refused without the values in it',
    parameters Array(String) COMMENT 'names of the parameters; their values are not kept',
    result_rows UInt64 COMMENT 'rows of the result',
    result_bytes UInt64 COMMENT 'bytes of the result as sent',
    read_rows UInt64 COMMENT 'rows that were read from tables',
    read_bytes UInt64 COMMENT 'bytes that were read from tables',
    elapsed_ms UInt64 COMMENT 'how long it took, in milliseconds',
    outcome LowCardinality(String) COMMENT 'ok, truncated, failed, refused or cancelled',
    error String COMMENT 'what was wrong, as it was told'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, time, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What people did with Sealwatch: each hunt, with who asked what, what it cost and what came of it'
