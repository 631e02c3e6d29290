-- One row per series of acts by one of Sealwatch's own integration keys from addresses that are none of its own. DocuSign's own
-- servers are nobody's place, and what was refused was no use of the key.
WITH
acts AS
(
    SELECT
        tenant, integration_key, event_id, ts, toString(activity) AS class, user_id, user_email, toString(country) AS country, toString(as_organization) AS as_organization,
        replaceRegexpOne(toString(ip), '^::ffff:', '') AS address
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64})
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        AND (empty({subjects:Array(String)}) OR integration_key IN {subjects:Array(String)})
        AND integration_key != '' AND lower(integration_key) IN arrayMap(k -> lower(k), {integration_keys:Array(String)})
        AND notEmpty({networks:Array(String)})
        AND ip != toIPv6('::') AND place_kind != 'server' AND activity NOT IN ('failed_logon', 'docusign_alert')
        AND NOT arrayExists(n -> isIPAddressInRange(address, n), {networks:Array(String)})
),
marked AS
(
    SELECT *, toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER earlier_one > {series_us:UInt64} AS begins
    FROM acts
    WINDOW earlier_one AS (PARTITION BY tenant, integration_key ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, integration_key ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS series
    FROM marked
)
SELECT
    tenant,
    'integration' AS subject_type,
    integration_key AS subject_id,
    '' AS subject_email,
    '' AS subject_name,
    argMin(event_id, (ts, event_id)) AS finding_key,
    min(ts) AS anchor_time,
    min(ts) AS start_time,
    max(ts) AS end_time,
    arrayMap(e -> e.2, arraySlice(arraySort(groupArray((ts, event_id))), 1, 100)) AS event_ids,
    toUInt64(count()) AS event_count,
    toFloat64(uniqExact(address)) AS score,
    'critical' AS severity,
    arraySort(groupUniqArray(address)) AS addresses,
    concat('Sealwatch''s own integration key was used from ', if(length(addresses) = 1, addresses[1], concat(toString(length(addresses)), ' addresses')), ', which ',
        if(length(addresses) = 1, 'is none', 'are none'), ' of its own') AS title,
    toJSONString(CAST((
            arraySlice(addresses, 1, 20), length(addresses), {networks:Array(String)}, arraySlice(arraySort(groupUniqArrayIf(country, country != '')), 1, 20),
            arraySlice(arraySort(groupUniqArrayIf(as_organization, as_organization != '')), 1, 20), arraySort(groupUniqArray(class)),
            arraySlice(arraySort(groupUniqArrayIf(if(user_email != '', user_email, user_id), user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'))), 1, 20),
            'The private key or the consent is in other hands: it lets its holder act for the user who may read everything.'),
        'Tuple(ipAddresses Array(String), addresses UInt64, ownNetworks Array(String), countries Array(String), networks Array(String), activities Array(String), users Array(String), severityReason String)')) AS evidence,
    CAST([], 'Array(String)') AS suppressed_by
FROM numbered
GROUP BY tenant, integration_key, series
HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
