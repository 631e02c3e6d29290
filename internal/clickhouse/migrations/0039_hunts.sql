CREATE TABLE IF NOT EXISTS hunts
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    id String COMMENT 'hunt by id',
    title String COMMENT 'question that it answers, in a few words',
    description String COMMENT 'how to read the answer',
    statement String COMMENT 'SQL',
    parameter_names Array(String) COMMENT 'parameters of the statement by name; the other parameter columns go with them',
    parameter_types Array(String) COMMENT 'types of the parameters',
    parameter_descriptions Array(String) COMMENT 'what each parameter means',
    parameter_defaults Array(Nullable(String)) COMMENT 'values that are taken where none is given; NULL where one has to be',
    author String COMMENT 'who changed it last, as they said',
    created_at DateTime64(3, 'UTC') COMMENT 'when it was made',
    updated_at DateTime64(3, 'UTC') COMMENT 'when it was changed last',
    deleted Bool COMMENT 'whether it was deleted',
    revision UInt64 COMMENT 'the highest revision of an id counts'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Questions in SQL that people saved; read it with FINAL'
