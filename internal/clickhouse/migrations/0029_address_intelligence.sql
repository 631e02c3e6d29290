CREATE DICTIONARY IF NOT EXISTS address_intelligence
(
    prefix String,
    tenant String DEFAULT '',
    source String DEFAULT '',
    name String DEFAULT '',
    category String DEFAULT '',
    tags Array(String),
    confidence UInt8 DEFAULT 0,
    valid_from DateTime64(3, 'UTC'),
    valid_to DateTime64(3, 'UTC'),
    sources Array(String)
)
PRIMARY KEY prefix
SOURCE(CLICKHOUSE(HOST '127.0.0.1' QUERY 'SELECT prefix, tenant, source, name, category, tags, confidence, valid_from, valid_to, sources FROM {{database}}.ip_networks_current'))
LAYOUT(IP_TRIE)
LIFETIME(MIN 3000 MAX 3600)
COMMENT 'What is believed of an address now: dictGet(address_intelligence, category, ip); for what held at the time of an event, ip_intelligence'
