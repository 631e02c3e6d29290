CREATE TABLE IF NOT EXISTS detection_versions
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    detection LowCardinality(String) COMMENT 'detection by id',
    revision UInt32 COMMENT 'counts from 1; of those that cover a time the highest is in force',
    valid_from DateTime64(7, 'UTC') COMMENT 'anchor of a finding from which it decides, inclusive',
    valid_to DateTime64(7, 'UTC') COMMENT 'anchor of a finding until which it decides, exclusive',
    sql String COMMENT 'body of the view' CODEC(ZSTD(3)),
    affected String COMMENT 'query for other subjects concerned by an event; empty when there is none' CODEC(ZSTD(3)),
    look_back Int64 COMMENT 'how far before an anchor its rows depend on events, in nanoseconds',
    look_ahead Int64 COMMENT 'how far after the last event of a finding its row depends on events, in nanoseconds',
    arguments Array(Tuple(name String, type String, value String)) COMMENT 'values of the parameters',
    subjects Array(String) COMMENT 'what findings are about: user, address, integration',
    inputs String COMMENT 'which events the view reads, a JSON object',
    scope String COMMENT 'about whom it raises alerts, a JSON object; empty means about everybody',
    attributes String COMMENT 'where the evidence has the attributes that exceptions name, a JSON object',
    hash String COMMENT 'the same for equal logic only',
    made_at DateTime64(3, 'UTC') COMMENT 'when it was made',
    made_by String COMMENT 'configuration, or the person who had the past evaluated again'
)
ENGINE = MergeTree
ORDER BY (tenant, detection, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What each detection was made of, by the event time for which it decides'
