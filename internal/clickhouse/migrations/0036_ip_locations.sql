CREATE TABLE IF NOT EXISTS ip_locations
(
    generation UInt64 COMMENT 'the highest generation counts; it is written as a whole',
    prefix String COMMENT 'addresses, as CIDR',
    tenants Array(String) COMMENT 'of each span of time: the organisation',
    since Array(DateTime64(3, 'UTC')) COMMENT 'event time from which it holds, inclusive; the spans of an organisation do not overlap',
    until Array(DateTime64(3, 'UTC')) COMMENT 'event time until which it holds, exclusive',
    located_by Array(String) COMMENT 'operator, the network of the range that says where the addresses are, and the mark of what it says; empty when none does',
    countries Array(String) COMMENT 'ISO 3166-1 alpha-2 code',
    country_names Array(String) COMMENT 'country in English',
    cities Array(String) COMMENT 'city; may be empty',
    exact Array(Bool) COMMENT 'whether there are coordinates',
    latitudes Array(Float64) COMMENT 'degrees',
    longitudes Array(Float64) COMMENT 'degrees',
    radii Array(Float32) COMMENT 'radius in kilometres; 0 when unknown',
    network_by Array(String) COMMENT 'operator, the network of the range that says who runs the network, and the mark of what it says; empty when none does',
    isps Array(String) COMMENT 'who runs the network',
    asns Array(UInt32) COMMENT 'autonomous system number; 0 when nothing is said'
)
ENGINE = MergeTree
PARTITION BY generation
ORDER BY prefix
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Where the operator''s ranges say that addresses are, by distinct prefix: what the dictionary ip_placements is made of'
