CREATE DICTIONARY IF NOT EXISTS ip_placements
(
    prefix String,
    tenants Array(String),
    since Array(DateTime64(3, 'UTC')),
    until Array(DateTime64(3, 'UTC')),
    located_by Array(String),
    countries Array(String),
    country_names Array(String),
    cities Array(String),
    exact Array(UInt8),
    latitudes Array(Float64),
    longitudes Array(Float64),
    radii Array(Float32),
    network_by Array(String),
    isps Array(String),
    asns Array(UInt32)
)
PRIMARY KEY prefix
SOURCE(CLICKHOUSE(HOST '127.0.0.1' QUERY 'SELECT prefix, tenants, since, until, located_by, countries, country_names, cities, exact, latitudes, longitudes, radii, network_by, isps, asns FROM {{database}}.ip_locations WHERE generation = (SELECT max(generation) FROM {{database}}.ip_locations)'))
LAYOUT(IP_TRIE)
LIFETIME(0)
COMMENT 'Where the operator''s ranges say that an address is, and who runs its network, by span of event time'
