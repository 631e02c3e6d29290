CREATE TABLE IF NOT EXISTS directory_leavers
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    key String COMMENT 'an address in lower case, or a DocuSign user id, by which somebody may be found who was not active at some time',
    source LowCardinality(String) COMMENT 'the directory',
    directory_id String COMMENT 'a person who has the key, had it at some time, or shares a key with such a person'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, key, source, directory_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 1024
COMMENT 'Who may stand behind a key with which a person who was not active is concerned: an index of directory_users, which says who was what when'
