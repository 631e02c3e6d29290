CREATE TABLE IF NOT EXISTS control_states
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    source LowCardinality(String) COMMENT 'what reads it, controls/NAME; the events of its changes have the same source',
    scope String COMMENT 'the list that it is in: account and kind, and the user who grants an authorization',
    object_id String COMMENT 'id in that list; empty for the list itself, whose seen_time is when it was last read',
    kind LowCardinality(String) COMMENT 'connect_listener, transfer_rule, permission_profile, shared_access, authorization, setting, password_rule, identity_provider or domain',
    account_id String COMMENT 'account that it controls; empty for those of the organisation',
    name String COMMENT 'name for people',
    state String COMMENT 'as DocuSign had it, as JSON, without secrets' CODEC(ZSTD(3)),
    chain String COMMENT 'hash over this state and all before it; the id of the event is made of it',
    removed Bool COMMENT 'whether it is not there any more',
    seen_time DateTime64(3, 'UTC') COMMENT 'when it was first seen so',
    version UInt64 COMMENT 'the highest version of a (tenant, source, scope, object_id) counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, source, scope, object_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'How DocuSign''s accounts are controlled, as last seen; read it with FINAL. The changes are events'
