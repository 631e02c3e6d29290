CREATE VIEW IF NOT EXISTS ip_networks_current
(
    prefix String COMMENT 'addresses, as CIDR',
    tenant String COMMENT 'organisation of whoever is believed',
    source String COMMENT 'who is believed: operator before every feed, then the greatest confidence, then the narrowest network',
    name String COMMENT 'its name for people',
    category String COMMENT 'corporate, administrative, risky, vpn, cloud or other',
    tags Array(String) COMMENT 'the operator''s tags where the operator says something, otherwise those of all feeds',
    confidence UInt8 COMMENT '0 to 100',
    valid_from DateTime64(3, 'UTC') COMMENT 'event time from which it holds, inclusive',
    valid_to DateTime64(3, 'UTC') COMMENT 'event time until which it holds, exclusive',
    sources Array(String) COMMENT 'all who say something of the address now'
)
AS SELECT
    prefix,
    said[1].1 AS tenant,
    said[1].2 AS source,
    said[1].3 AS name,
    said[1].4 AS category,
    arraySort(arrayDistinct(arrayFilter(t -> t != '', arrayFlatten(arrayMap(s -> splitByChar(',', s.5), if(source = 'operator', arrayFilter(s -> s.2 = 'operator', said), said)))))) AS tags,
    said[1].6 AS confidence,
    said[1].7 AS valid_from,
    said[1].8 AS valid_to,
    arraySort(arrayDistinct(said.2)) AS sources
FROM
(
    SELECT
        prefix,
        arrayReverseSort(s -> (s.2 = 'operator', s.6, s.9), arrayFilter(s -> s.7 <= now64(3, 'UTC') AND now64(3, 'UTC') < s.8,
            arrayZip(tenants, sources, arrayResize(names, length(sources), ''), categories, tags, arrayResize(confidences, length(sources), 0), since, until, arrayEnumerate(sources)))) AS said
    FROM {{database}}.ip_networks
    WHERE generation = (SELECT max(generation) FROM {{database}}.ip_networks)
)
WHERE notEmpty(said)
COMMENT 'What is believed of addresses now, by distinct prefix: what the dictionary address_intelligence is made of'
