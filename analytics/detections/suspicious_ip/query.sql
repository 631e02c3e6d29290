-- One row per series of activities of a user from addresses with a bad name: what feeds say of them at the time of each
-- event, and what the tenant has seen itself, namely log-ons of several users failing there. What the operator says of an
-- address wins over every feed.
WITH
acts AS
(
    SELECT
        tenant, user_id, user_name, user_email, event_id, ts, activity, ip_address, country, as_organization, browser,
        dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known,
        arrayFilter(i -> known.1[i] = tenant AND known.5[i] <= ts AND ts < known.6[i], arrayEnumerate(known.1)) AS valid,
        arrayFilter(i -> known.2[i] = 'operator', valid) AS own,
        if(notEmpty(own), own, valid) AS counted,
        arrayDistinct(arrayFlatten(arrayMap(i -> splitByChar(',', known.4[i]), counted))) AS every_tag,
        arraySort(arrayConcat(
            arrayFilter(t -> t IN ('botnet', 'malware_cc', 'password_spray', 'darknet_scanning'), every_tag),
            -- risky without a reason that anonymous_ip judges
            if(arrayExists(i -> known.3[i] = 'risky', counted) AND NOT hasAny(every_tag, ['tor', 'anonymous_proxy', 'vpn', 'relay', 'satellite', 'botnet', 'malware_cc', 'password_spray', 'darknet_scanning']), ['risky'], []))) AS tags,
        arraySort(arrayDistinct(arrayMap(i -> known.2[i], counted))) AS sources,
        arrayExists(i -> known.3[i] IN ('corporate', 'administrative'), own) AS trusted
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(25)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id != '' AND ip_address != ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
),
-- who tried to log on where in the day before, and whether they failed
attempts AS
(
    SELECT tenant, ip_address, arraySort(groupUniqArray((ts, user_id, activity = 'failed_logon'))) AS tries
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(50)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND ip_address IN (SELECT ip_address FROM acts)
        AND user_id != '' AND activity IN ('failed_logon', 'logon')
    GROUP BY tenant, ip_address
    HAVING arrayExists(t -> t.3, tries)
),
judged AS
(
    SELECT
        acts.* EXCEPT (known, valid, own, counted, every_tag),
        arrayFilter(t -> t.1 <= acts.ts AND t.1 > acts.ts - toIntervalHour(24), tries) AS recent,
        length(arrayDistinct(arrayMap(t -> t.2, arrayFilter(t -> t.3, recent)))) AS failing_users,
        length(arrayDistinct(arrayMap(t -> t.2, arrayFilter(t -> NOT t.3 AND t.2 != user_id, recent)))) AS succeeding_users,
        NOT trusted AND failing_users >= {failing_users:UInt32} AND failing_users > succeeding_users AS sprayed,
        arraySort(arrayDistinct(arrayConcat(tags, if(sprayed, ['failed_here'], [])))) AS reasons
    FROM acts
    LEFT JOIN attempts USING (tenant, ip_address)
    WHERE notEmpty(reasons)
),
marked AS
(
    SELECT *, toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER earlier > 24 * 3600000000 AS begins
    FROM judged
    WINDOW earlier AS (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS series
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
    arraySort(arrayDistinct(arrayFlatten(groupArray(reasons)))) AS all_reasons,
    arraySort(groupUniqArray(ip_address)) AS addresses,
    max(failing_users) AS most_failing,
    multiIf(hasAny(all_reasons, ['botnet', 'malware_cc', 'password_spray']), 'high', has(all_reasons, 'failed_here'), 'high', 'medium') AS severity,
    round(length(all_reasons) + most_failing / {failing_users:UInt32}, 2) AS score,
    concat(multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        ' was active from ', if(length(addresses) = 1, concat('the address ', addresses[1]), concat(toString(length(addresses)), ' addresses')), ', ',
        multiIf(has(all_reasons, 'botnet'), 'which belongs to a botnet', has(all_reasons, 'malware_cc'), 'which controls malware', has(all_reasons, 'password_spray'), 'which is known for password spraying',
            has(all_reasons, 'failed_here'), concat('where ', toString(most_failing), ' users failed to log on within a day'),
            has(all_reasons, 'darknet_scanning'), 'which scans networks', 'which is tagged as risky')) AS title,
    toJSONString(CAST((all_reasons, arraySlice(addresses, 1, 20), length(addresses), arraySort(arrayDistinct(arrayFlatten(groupArray(sources)))), arraySort(groupUniqArray(activity)),
            arraySlice(arraySort(groupUniqArray(as_organization)), 1, 20), arraySlice(arraySort(groupUniqArray(country)), 1, 20), arraySlice(arraySort(groupUniqArray(browser)), 1, 20),
            most_failing, max(succeeding_users), {failing_users:UInt32},
            if(severity = 'high', if(has(all_reasons, 'failed_here'), 'Others failed to log on there within the day before: the password was probably guessed.', 'The address is an attacker''s by what feeds say.'), 'The address has a bad name; nothing else speaks against the user.')),
        'Tuple(reasons Array(String), ipAddresses Array(String), addresses UInt64, sources Array(String), activities Array(String), networks Array(String), countries Array(String), browsers Array(String),
            failingUsers UInt64, succeedingUsers UInt64, failingUsersNeeded UInt32, severityReason String)')) AS evidence,
    CAST([], 'Array(String)') AS suppressed_by
FROM numbered
GROUP BY tenant, user_id, series
HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
