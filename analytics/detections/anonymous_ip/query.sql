-- One row per series of activities of a user from addresses that hide who is behind them, as the intelligence about
-- addresses has it at the time of each event. What the operator says of an address wins over every feed.
WITH
acts AS
(
    SELECT
        tenant, user_id, user_name, user_email, event_id, ts, activity, ip_address, country, country_name, city, as_organization, browser, os,
        dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known,
        arrayFilter(i -> known.1[i] = tenant AND known.5[i] <= ts AND ts < known.6[i], arrayEnumerate(known.1)) AS valid,
        arrayFilter(i -> known.2[i] = 'operator', valid) AS own,
        if(notEmpty(own), own, valid) AS counted,
        arraySort(arrayDistinct(arrayFilter(t -> t IN ('tor', 'anonymous_proxy', 'vpn', 'relay', 'satellite'), arrayFlatten(arrayMap(i -> splitByChar(',', known.4[i]), counted))))) AS tags,
        arraySort(arrayDistinct(arrayMap(i -> known.2[i], counted))) AS sources
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(49)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id != '' AND ip_address != ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
        AND NOT (arrayExists((t, c) -> t = tenant AND c IN ('corporate', 'administrative'), known.1, arrayMap((s, c) -> if(s = 'operator', c, ''), known.2, known.3)))
        AND notEmpty(tags)
),
-- on how many days of the month before each user was at those addresses, day by day: today's events make nothing familiar
days AS
(
    SELECT tenant, ip_address, user_id, arraySort(groupUniqArray(toDate(ts))) AS used
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(33) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND ip_address IN (SELECT ip_address FROM acts)
        AND user_id != '' AND activity NOT IN ('failed_logon', 'docusign_alert')
    GROUP BY tenant, ip_address, user_id
),
use AS
(
    SELECT tenant, ip_address, groupArray((user_id, used)) AS users FROM days GROUP BY tenant, ip_address
),
judged AS
(
    SELECT
        acts.* EXCEPT (known, valid, own, counted),
        arrayMap(u -> (u.1, length(arrayFilter(d -> d < toDate(ts) AND d >= toDate(ts) - 30, u.2))), users) AS earlier,
        length(arrayFilter(u -> u.2 >= 3, earlier)) AS regulars,
        arraySum(arrayMap(u -> if(u.1 = user_id, u.2, 0), earlier)) AS own_days,
        hasAny(tags, ['tor']) AS hard,
        multiIf(hard, [], regulars >= {popular_users:UInt32}, ['popular_address'], own_days >= {familiar_days:UInt32}, ['familiar_address'], []) AS reasons
    FROM acts
    INNER JOIN use USING (tenant, ip_address)
),
marked AS
(
    SELECT *, toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER earlier_one > 24 * 3600000000 AS begins
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
    arraySort(arrayDistinct(arrayFlatten(groupArray(tags)))) AS all_tags,
    arraySort(groupUniqArray(ip_address)) AS addresses,
    max(own_days) AS familiar,
    multiIf(has(all_tags, 'tor'), if(familiar = 0, 'high', 'medium'), has(all_tags, 'anonymous_proxy'), 'medium', has(all_tags, 'vpn'), 'low', 'informational') AS severity,
    round(multiIf(has(all_tags, 'tor'), 4, has(all_tags, 'anonymous_proxy'), 3, has(all_tags, 'vpn'), 2, 1) + 1 / (1 + familiar), 2) AS score,
    concat(multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        ' was active from ', if(length(addresses) = 1, concat('the address ', addresses[1]), concat(toString(length(addresses)), ' addresses')), ' of ',
        multiIf(has(all_tags, 'tor'), 'the Tor network', has(all_tags, 'anonymous_proxy'), 'an anonymous proxy', has(all_tags, 'vpn'), 'a VPN service', has(all_tags, 'relay'), 'a privacy relay', 'a satellite provider')) AS title,
    toJSONString(CAST((all_tags, arraySlice(addresses, 1, 20), length(addresses), arraySort(arrayDistinct(arrayFlatten(groupArray(sources)))),
            arraySort(groupUniqArray(activity)), arraySlice(arraySort(groupUniqArray(as_organization)), 1, 20), arraySlice(arraySort(groupUniqArray(country)), 1, 20), arraySlice(arraySort(groupUniqArray(browser)), 1, 20),
            familiar, max(regulars), {popular_users:UInt32},
            multiIf(has(all_tags, 'tor'), if(familiar = 0, 'Tor, from an address that the user never used before.', 'Tor.'), has(all_tags, 'anonymous_proxy'), 'An anonymous proxy.', has(all_tags, 'vpn'), 'A VPN service, which people use for many reasons.', 'A service that ordinary people use.')),
        'Tuple(tags Array(String), ipAddresses Array(String), addresses UInt64, sources Array(String), activities Array(String), networks Array(String), countries Array(String), browsers Array(String),
            familiarDays UInt64, regularUsers UInt64, popularUsers UInt64, severityReason String)')) AS evidence,
    any(reasons) AS suppressed_by
FROM numbered
GROUP BY tenant, user_id, reasons, series
HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
