CREATE TABLE IF NOT EXISTS event_conflicts
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    event_id String COMMENT 'id that two different records claim',
    content_hash UInt64 COMMENT 'hash of this record; the one that stands has another',
    source LowCardinality(String) COMMENT 'way by which this record came in',
    trust UInt8 COMMENT 'trust in that source',
    ts DateTime64(7, 'UTC') COMMENT 'when it happened, as this record says',
    arrival_time DateTime64(3, 'UTC') COMMENT 'when it was set aside',
    raw String COMMENT 'the record as it was delivered' CODEC(ZSTD(3)),
    replaced_by UInt64 COMMENT 'sequence of the event that took its place; 0 when it never stood',
    user_id String COMMENT 'who acted, as this record says, when it stood',
    ip_address String COMMENT 'address, as this record says, when it stood',
    integration_key String COMMENT 'calling application, as this record says, when it stood',
    activity LowCardinality(String) COMMENT 'class, when it stood',
    place_kind LowCardinality(String) COMMENT 'kind of place, when it stood',
    administrative Bool COMMENT 'whether it acted on the account, when it stood'
)
ENGINE = ReplacingMergeTree(replaced_by)
ORDER BY (tenant, event_id, content_hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Records set aside because another record with the same id stands: higher trust first, then the higher content hash'
