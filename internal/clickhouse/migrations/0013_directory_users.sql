CREATE TABLE IF NOT EXISTS directory_users
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    source LowCardinality(String) COMMENT 'the directory that says so; docusign is DocuSign''s own list of users',
    directory_id String COMMENT 'the person''s id in that directory',
    valid_from DateTime64(3, 'UTC') COMMENT 'event time from which it holds, inclusive, until the person''s next state; 1970 means always',
    status LowCardinality(String) COMMENT 'active, disabled, deleted or on_leave',
    kind LowCardinality(String) COMMENT 'person, guest, shared_mailbox, room or service',
    user_name String COMMENT 'name by which the person logs on at the directory',
    display_name String COMMENT 'name for people',
    emails Array(String) COMMENT 'all addresses in lower case, aliases and the user name included',
    docusign_user_ids Array(String) COMMENT 'users at DocuSign that are this person (events.user_id)',
    groups Array(String) COMMENT 'groups of the person',
    role String COMMENT 'administrator role or permission profile, where the source knows it',
    removed Bool COMMENT 'whether the state was taken back',
    update_time DateTime64(3, 'UTC') COMMENT 'when it was said',
    version UInt64 COMMENT 'the highest version of a (tenant, source, directory_id, valid_from) counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, source, directory_id, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 1024
COMMENT 'What each person of the directory was from when on; the view directory gives each state with its end'
