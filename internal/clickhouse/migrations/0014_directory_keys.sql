CREATE TABLE IF NOT EXISTS directory_keys
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    key String COMMENT 'an address in lower case, or a DocuSign user id',
    source LowCardinality(String) COMMENT 'the directory',
    directory_id String COMMENT 'a person who has the key, or had it at some time'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, key, source, directory_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 1024
COMMENT 'Who of the directory may stand behind an address or a DocuSign user id: an index of directory_users, which says when'
