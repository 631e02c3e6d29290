CREATE TABLE IF NOT EXISTS ip_networks
(
    generation UInt64 COMMENT 'the highest generation counts; it is written as a whole',
    prefix String COMMENT 'addresses, as CIDR',
    tenants Array(String) COMMENT 'of each range that covers them: the organisation',
    sources Array(String) COMMENT 'who says so',
    categories Array(String) COMMENT 'its category',
    tags Array(String) COMMENT 'its tags, joined by commas with one at each end',
    since Array(DateTime64(3, 'UTC')) COMMENT 'event time from which it holds, inclusive',
    until Array(DateTime64(3, 'UTC')) COMMENT 'event time until which it holds, exclusive'
)
ENGINE = MergeTree
PARTITION BY generation
ORDER BY prefix
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'ip_ranges by distinct prefix, each with the ranges around it: what the dictionary ip_intelligence is made of'
