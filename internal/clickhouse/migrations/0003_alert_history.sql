CREATE TABLE IF NOT EXISTS alert_history
(
    sequence UInt64 COMMENT 'numbers the changes of all alerts without a gap, from 1',
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    alert_id String COMMENT 'hash of tenant, detection, subject and finding_key: the same in every evaluation',
    change LowCardinality(String) COMMENT 'created, updated or retracted',
    previous_state LowCardinality(String) COMMENT 'state before the change; empty when the alert was created',
    previous_severity LowCardinality(String) COMMENT 'severity before the change; empty when the alert was created',
    previous_start DateTime64(7, 'UTC') COMMENT 'start_time before the change',
    previous_end DateTime64(7, 'UTC') COMMENT 'end_time before the change',
    actor LowCardinality(String) COMMENT 'who made the change: analysis, or a person',
    update_time DateTime64(3, 'UTC') COMMENT 'when the change was made',
    create_time DateTime64(3, 'UTC') COMMENT 'when the alert was first raised',
    detection LowCardinality(String) COMMENT 'detection that found it',
    subject_type LowCardinality(String) COMMENT 'user, address or integration',
    subject_id String COMMENT 'whom or what it is about',
    subject_email String COMMENT 'e-mail of the user, where known',
    subject_name String COMMENT 'name of the user, where known',
    finding_key String COMMENT 'anchor of the finding, as the detection returns it',
    anchor_time DateTime64(7, 'UTC') COMMENT 'event time of the anchor',
    start_time DateTime64(7, 'UTC') COMMENT 'event time of its first event',
    end_time DateTime64(7, 'UTC') COMMENT 'event time of its last event',
    event_ids Array(String) COMMENT 'its events in event time, the first hundred',
    event_count UInt64 COMMENT 'number of all its events',
    score Float64 COMMENT 'how far out of the ordinary, by the detection''s own measure',
    severity LowCardinality(String) COMMENT 'informational, low, medium, high or critical',
    title String COMMENT 'one sentence that says what happened',
    evidence String COMMENT 'what a person needs to judge it, a JSON object' CODEC(ZSTD(3)),
    suppressed_by Array(String) COMMENT 'reasons for which it raises no alert; empty when it was raised',
    retracted Bool COMMENT 'the events, as known since, no longer make this finding',
    superseded_by String COMMENT 'alert that took the place of this retracted one',
    triage_state LowCardinality(String) COMMENT 'new, in_progress or resolved, as people set it',
    classification LowCardinality(String) COMMENT 'true_positive, benign_positive, false_positive or empty',
    assignee String COMMENT 'who works on it',
    comments String COMMENT 'remarks by people, a JSON array of {author, text, time}',
    INDEX by_sequence sequence TYPE minmax GRANULARITY 1,
    INDEX by_alert alert_id TYPE bloom_filter GRANULARITY 1,
    PROJECTION in_order (SELECT * ORDER BY sequence)
)
ENGINE = MergeTree
ORDER BY (tenant, detection, subject_type, subject_id, alert_id, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Every version of every alert; the destinations read it in the order of sequence'
