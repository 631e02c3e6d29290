CREATE DICTIONARY IF NOT EXISTS ip_intelligence
(
    prefix String,
    tenants Array(String),
    sources Array(String),
    categories Array(String),
    tags Array(String),
    since Array(DateTime64(3, 'UTC')),
    until Array(DateTime64(3, 'UTC'))
)
PRIMARY KEY prefix
SOURCE(CLICKHOUSE(HOST '127.0.0.1' QUERY 'SELECT prefix, tenants, sources, categories, tags, since, until FROM {{database}}.ip_networks WHERE generation = (SELECT max(generation) FROM {{database}}.ip_networks)'))
LAYOUT(IP_TRIE)
LIFETIME(0)
COMMENT 'What is known about an address: dictGet(ip_intelligence, (tenants, sources, ...), ip)'
