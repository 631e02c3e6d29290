-- One row per series of activities of a user from addresses that hide who is behind them, as the intelligence about
-- addresses has it at the time of each event. What the operator says of an address wins over every feed. Failed log-ons and
-- lock-outs are anybody's: they are no activity of the user and make nothing familiar.
WITH
acts AS
(
    SELECT
        tenant, user_id, user_name, user_email, event_id, ts, toInt32(toDate(ts)) AS day, activity, ip_address, country, as_organization, browser,
        multiIf(asn != 0, concat('AS', toString(asn)), startsWith(toString(ip), '::ffff:'), toString(IPv6CIDRToRange(ip, 120).1), toString(IPv6CIDRToRange(ip, 64).1)) AS network,
        concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', '')) AS device,
        dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known,
        arrayFilter(i -> known.1[i] = tenant AND known.5[i] <= ts AND ts < known.6[i], arrayEnumerate(known.1)) AS valid,
        arrayFilter(i -> known.2[i] = 'operator', valid) AS own,
        if(notEmpty(own), own, valid) AS counted,
        -- a category says what it is where no tag does; a rented server is nothing strange for an application
        arraySort(arrayDistinct(arrayFilter(t -> t IN ('tor', 'anonymous_proxy', 'vpn', 'relay', 'satellite') OR t = 'hosting' AND integration_key = '',
            arrayFlatten(arrayMap(i -> arrayConcat(splitByChar(',', known.4[i]), [transform(known.3[i], ['vpn', 'cloud'], ['vpn', 'hosting'], '')]), counted))))) AS tags,
        arraySort(arrayDistinct(arrayMap(i -> known.2[i], counted))) AS sources
    FROM events
    -- before all else: of most addresses nothing is said, and what follows is dear; who is not meant is not looked up either
    PREWHERE (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)}) AND dictHas('ip_intelligence', ip)
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64})
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND ip_address != ''
        AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
        AND NOT arrayExists(i -> known.3[i] IN ('corporate', 'administrative'), own)
        AND notEmpty(tags)
),
-- kept as one value, since the engine computes a subquery wherever it is named: the addresses, and for rented servers who
-- was there when, on which network and device
(SELECT (groupUniqArray(ip_address), groupUniqArrayIf((tenant, user_id, day, network, device), has(tags, 'hosting'))) FROM acts) AS seen,
-- on which days each user was at those addresses
visits AS
(
    SELECT tenant, ip_address, user_id, groupUniqArray(toInt32(toDate(ts))) AS used
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64}) - toIntervalDay({baseline_days:UInt32} + 1)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        AND ip_address IN (SELECT arrayJoin(seen.1))
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
    GROUP BY tenant, ip_address, user_id
),
-- on how many earlier days of the baseline, on each day: today's events make nothing familiar
habits AS
(
    SELECT tenant, ip_address, user_id, habit.1 AS day, habit.2 AS days
    FROM (SELECT tenant, ip_address, user_id, arrayJoin(arrayMap(d -> (d, arrayCount(u -> u < d AND u >= d - {baseline_days:UInt32}, used)), used)) AS habit FROM visits WHERE length(used) > 1)
    WHERE days > 0
),
-- how many users are familiar with an address on each day, also on those on which they are elsewhere
popularity AS
(
    SELECT tenant, ip_address, day, count() AS regulars
    FROM
    (
        SELECT
            tenant, ip_address,
            arrayJoin(arrayFilter(d -> arrayCount(u -> u < d AND u >= d - {baseline_days:UInt32}, used) >= {familiar_days:UInt32},
                range(greatest(arrayMin(used) + 1, toInt32(toDate32({from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64})))),
                    least(arrayMax(used) + toInt32({baseline_days:UInt32}), toInt32(toDate32({to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})))) + 1))) AS day
        FROM visits
        WHERE length(used) >= {familiar_days:UInt32}
    )
    GROUP BY tenant, ip_address, day
),
-- for rented servers, which alone say little: whether network and device are new for the user as well
novelties AS
(
    SELECT
        a.tenant AS tenant, a.user_id AS user_id, a.day AS day, a.network AS network, a.device AS device,
        uniqExactIf(v.day, v.network = a.network) AS network_days, uniqExactIf(v.day, v.device = a.device) AS device_days, uniqExact(v.day) AS user_days
    FROM (SELECT h.1 AS tenant, h.2 AS user_id, h.3 AS day, h.4 AS network, h.5 AS device FROM (SELECT arrayJoin(seen.2) AS h)) AS a
    INNER JOIN
    (
        SELECT
            tenant, user_id, toInt32(toDate(ts)) AS day,
            multiIf(asn != 0, concat('AS', toString(asn)), startsWith(toString(ip), '::ffff:'), toString(IPv6CIDRToRange(ip, 120).1), toString(IPv6CIDRToRange(ip, 64).1)) AS network,
            concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', '')) AS device
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64}) - toIntervalDay({baseline_days:UInt32} + 1)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
            AND user_id IN (SELECT arrayJoin(seen.2).2)
            AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
            AND integration_key = '' AND ip_address != '' AND place_kind != 'server'
        GROUP BY tenant, user_id, day, network, device
    ) AS v ON v.tenant = a.tenant AND v.user_id = a.user_id
    WHERE v.day < a.day AND v.day >= a.day - {baseline_days:UInt32}
    GROUP BY tenant, user_id, day, network, device
),
judged AS
(
    SELECT
        a.tenant AS tenant, a.user_id AS user_id, a.user_name AS user_name, a.user_email AS user_email, a.event_id AS event_id, a.ts AS ts, toString(a.activity) AS class, a.ip_address AS ip_address,
        toString(a.country) AS country, toString(a.as_organization) AS as_organization, toString(a.browser) AS browser, a.tags AS tags, a.sources AS sources,
        h.days AS own_days, c.regulars AS regulars, n.network_days AS network_days, n.device_days AS device_days, n.user_days AS user_days,
        -- 4 Tor, 3 anonymous proxy, 2 VPN and rented servers, 1 what ordinary people use
        multiIf(has(tags, 'tor'), 4, has(tags, 'anonymous_proxy'), 3, hasAny(tags, ['vpn', 'hosting']), 2, 1) AS rank,
        has(tags, 'hosting') AND user_days >= {familiar_days:UInt32} AND network_days < {familiar_days:UInt32} AND device_days < {familiar_days:UInt32} AS strange,
        multiIf(has(tags, 'tor'), [], regulars >= {popular_users:UInt32}, ['popular_address'], own_days >= {familiar_days:UInt32}, ['familiar_address'], []) AS reasons
    FROM acts AS a
    LEFT JOIN habits AS h ON h.tenant = a.tenant AND h.ip_address = a.ip_address AND h.user_id = a.user_id AND h.day = a.day
    LEFT JOIN popularity AS c ON c.tenant = a.tenant AND c.ip_address = a.ip_address AND c.day = a.day
    LEFT JOIN novelties AS n ON n.tenant = a.tenant AND n.user_id = a.user_id AND n.day = a.day AND n.network = a.network AND n.device = a.device
),
marked AS
(
    SELECT *, toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER earlier_one > {series_us:UInt64} AS begins
    FROM judged
    WINDOW earlier_one AS (PARTITION BY tenant, user_id, reasons ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id, reasons ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS series
    FROM marked
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    argMax(numbered.user_email, (ts, event_id)) AS subject_email,
    argMax(numbered.user_name, (ts, event_id)) AS subject_name,
    argMin(event_id, (ts, event_id)) AS finding_key,
    min(ts) AS anchor_time,
    min(ts) AS start_time,
    max(ts) AS end_time,
    arraySort(groupArray((ts, event_id))) AS all_events,
    arrayMap(e -> e.2, arraySlice(all_events, 1, 100)) AS event_ids,
    toUInt64(count()) AS event_count,
    arraySort(groupUniqArrayArray(tags)) AS all_tags,
    arraySort(groupUniqArray(ip_address)) AS addresses,
    -- of all activities the one with the worst tag that was least familiar then: a series that goes on makes itself no more familiar
    min((-rank, own_days)) AS worst,
    max(strange) AS some_strange,
    multiIf(worst.1 = -4, if(worst.2 < {familiar_days:UInt32}, 'high', 'medium'), worst.1 = -3 OR some_strange, 'medium', worst.1 = -2, 'low', 'informational') AS severity,
    round(some_strange - worst.1 + 1 / (1 + worst.2), 2) AS score,
    concat(multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        ' was active from ', if(length(addresses) = 1, concat('the address ', addresses[1]), concat(toString(length(addresses)), ' addresses')), ' of ',
        multiIf(has(all_tags, 'tor'), 'the Tor network', has(all_tags, 'anonymous_proxy'), 'an anonymous proxy', has(all_tags, 'vpn'), 'a VPN service', has(all_tags, 'hosting'), 'a hosting provider',
            has(all_tags, 'relay'), 'a privacy relay', 'a satellite provider'),
        if(some_strange, ', on a network and a device that are new for the user', '')) AS title,
    toJSONString(CAST((all_tags, arraySlice(addresses, 1, 20), length(addresses), arraySort(groupUniqArrayArray(sources)),
            arraySort(groupUniqArray(class)), arraySlice(arraySort(groupUniqArray(as_organization)), 1, 20), arraySlice(arraySort(groupUniqArray(country)), 1, 20), arraySlice(arraySort(groupUniqArray(browser)), 1, 20),
            worst.2, max(own_days), max(regulars), {popular_users:UInt32}, argMin(network_days, (ts, event_id)), argMin(device_days, (ts, event_id)),
            multiIf(has(all_tags, 'tor'), if(worst.2 < {familiar_days:UInt32}, 'Tor, from an address that the user is not used to.', 'Tor, from an address that the user uses often.'),
                has(all_tags, 'anonymous_proxy'), 'An anonymous proxy.', some_strange, 'A rented server, and both the network and the device are new for the user.',
                has(all_tags, 'vpn'), 'A VPN service, which people use for many reasons.', has(all_tags, 'hosting'), 'A rented server, on which proxies run as well as the egress of companies.', 'A service that ordinary people use.')),
        'Tuple(tags Array(String), ipAddresses Array(String), addresses UInt64, sources Array(String), activities Array(String), networks Array(String), countries Array(String), browsers Array(String),
            leastFamiliarDays UInt64, familiarDays UInt64, regularUsers UInt64, popularUsers UInt64, networkDays UInt64, deviceDays UInt64, severityReason String)')) AS evidence,
    any(reasons) AS suppressed_by
FROM numbered
GROUP BY tenant, user_id, reasons, series
HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
