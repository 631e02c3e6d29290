CREATE TABLE IF NOT EXISTS rechecks
(
    sequence UInt64 COMMENT 'numbers the rows from 1',
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    detection LowCardinality(String) COMMENT 'detection to evaluate again; empty means all',
    subject_type LowCardinality(String) COMMENT 'user, address or integration; empty means every subject',
    subject_id String COMMENT 'whom or what to look at again; empty means every subject',
    first_ts DateTime64(7, 'UTC') COMMENT 'event time from which something changed',
    last_ts DateTime64(7, 'UTC') COMMENT 'event time up to which something changed',
    reason String COMMENT 'what changed: directory, intelligence, feedback, a person''s request',
    time DateTime64(3, 'UTC') COMMENT 'when it was asked for'
)
ENGINE = MergeTree
ORDER BY sequence
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What the analysis has to look at again because something else than an event changed'
