CREATE TABLE IF NOT EXISTS exceptions
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    id String COMMENT 'exception by id; a finding that it suppresses has exception:<id> in suppressed_by',
    detection LowCardinality(String) COMMENT 'detection whose findings it suppresses',
    alert_id String COMMENT 'alert that it was made of',
    subject_type LowCardinality(String) COMMENT 'user, address or integration; empty means every subject',
    subject_id String COMMENT 'to whom it is limited; empty means every subject',
    attributes Map(String, Array(String)) COMMENT 'attributes that a finding must have, all of them, with the values that it may have',
    max_severity LowCardinality(String) COMMENT 'highest severity that it covers',
    valid_from DateTime64(7, 'UTC') COMMENT 'anchor of a finding from which it holds, inclusive',
    valid_to DateTime64(7, 'UTC') COMMENT 'anchor of a finding until which it holds, exclusive',
    classification LowCardinality(String) COMMENT 'false_positive or benign_positive',
    reason String COMMENT 'why, in words',
    created_by String COMMENT 'who made it',
    created_at DateTime64(3, 'UTC') COMMENT 'when it was made',
    removed Bool COMMENT 'whether it was taken back',
    removed_by String COMMENT 'who took it back',
    removed_at DateTime64(3, 'UTC') COMMENT 'when it was taken back; 1970 when it was not',
    version UInt64 COMMENT 'the highest version of an id counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What people said about alerts that were none: findings like them are suppressed; read it with FINAL'
