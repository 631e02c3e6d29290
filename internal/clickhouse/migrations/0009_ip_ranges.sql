CREATE TABLE IF NOT EXISTS ip_ranges
(
    tenant LowCardinality(String) COMMENT 'DocuSign organisation',
    source LowCardinality(String) COMMENT 'who says so: operator, which wins over every other, or the name of a feed',
    prefix String COMMENT 'addresses, as CIDR',
    name String COMMENT 'name for people',
    category LowCardinality(String) COMMENT 'corporate, administrative, risky, vpn, cloud or other',
    tags Array(LowCardinality(String)) COMMENT 'tor, anonymous_proxy, vpn, relay, hosting, botnet, password_spray, ...',
    confidence UInt8 COMMENT '0 to 100',
    valid_from DateTime64(3, 'UTC') COMMENT 'event time from which it holds, inclusive',
    valid_to DateTime64(3, 'UTC') COMMENT 'event time until which it holds, exclusive',
    removed Bool COMMENT 'whether it was taken back',
    update_time DateTime64(3, 'UTC') COMMENT 'when it was said',
    version UInt64 COMMENT 'the highest version of a (tenant, source, prefix, valid_from) counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, source, prefix, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What is known about addresses, with the span of event time for which it holds; read it with FINAL'
