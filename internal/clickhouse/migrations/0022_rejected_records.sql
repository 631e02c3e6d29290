CREATE TABLE IF NOT EXISTS rejected_records
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    source LowCardinality(String) COMMENT 'way by which the record came in',
    arrival_time DateTime64(3, 'UTC') COMMENT 'when it was last delivered',
    event_id String COMMENT 'DocuSign''s id of the event, where it could be read',
    field LowCardinality(String) COMMENT 'field at fault by DocuSign''s name; empty when the record as a whole is',
    problem String COMMENT 'what was found and what was expected',
    raw_hash UInt64 MATERIALIZED sipHash64(raw) COMMENT 'hash of raw: a record that comes again counts once',
    raw String COMMENT 'the record as it was delivered; of one that is too large the beginning' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(arrival_time)
ORDER BY (tenant, source, raw_hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Records of polled sources that could not become events; read it with FINAL'
