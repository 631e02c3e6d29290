CREATE TABLE IF NOT EXISTS event_conflicts
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    event_id String COMMENT 'id that two different records claim',
    content_hash UInt64 COMMENT 'hash of this record; the one that stands has another',
    source LowCardinality(String) COMMENT 'way by which this record came in',
    trust UInt8 COMMENT 'trust in that source',
    ts DateTime64(7, 'UTC') COMMENT 'when it happened, as this record says',
    arrival_time DateTime64(3, 'UTC') COMMENT 'when it was set aside',
    raw String COMMENT 'the record as it was delivered' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(arrival_time)
ORDER BY (tenant, event_id, content_hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Records set aside because another record with the same id stands: higher trust first, then the higher content hash'
