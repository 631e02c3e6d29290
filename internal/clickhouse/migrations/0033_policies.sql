CREATE TABLE IF NOT EXISTS policies
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    id String COMMENT 'policy by id; its alerts are those of the detection policy_<id>',
    version UInt64 COMMENT 'counts the changes; the highest version of an id counts',
    policy String COMMENT 'name, filter, condition and all else, a JSON object' CODEC(ZSTD(3)),
    file String COMMENT 'file that it comes from; empty for one that was saved over the API',
    since DateTime64(7, 'UTC') COMMENT 'event time from which this version applies',
    created_at DateTime64(3, 'UTC') COMMENT 'when the policy was made',
    updated_at DateTime64(3, 'UTC') COMMENT 'when this version was made',
    author String COMMENT 'who made this version',
    removed Bool COMMENT 'whether it was deleted with this version'
)
ENGINE = MergeTree
ORDER BY (tenant, id, version)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Every version of every activity policy'
