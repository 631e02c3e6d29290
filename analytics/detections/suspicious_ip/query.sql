-- One row per series of activities of a user from addresses with a bad name: what feeds say of them at the time of each
-- event, and what the tenant has seen itself, namely log-ons of several users failing there. What the operator says of an
-- address wins over every feed.
--
-- Failures within the window before an act are counted as differences of two running sums over the acts and the log-ons of
-- an address, so that a flood of either costs no more than sorting it: each name that failed is present from an attempt
-- until a window after it, and what is summed is where such stretches open and close. Frames are in milliseconds, because
-- they take no more than 32 bits.
WITH
-- addresses of the users where something can be wrong at all; of most of which anything is said, it is what others judge
suspects AS
(
    SELECT tenant, ip_address
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64} + {window_us:UInt64})
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        AND ip_address != ''
        AND (empty({subjects:Array(String)}) OR ip_address IN
        (
            SELECT ip_address
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64})
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
                AND user_id IN {subjects:Array(String)} AND ip_address != ''
        ))
    GROUP BY tenant, ip_address
    HAVING countIf(activity = 'failed_logon') >= {failing_users:UInt32}
        OR dictHas('ip_intelligence', any(ip) AS address) AND (has(dictGet('ip_intelligence', 'categories', address), 'risky')
            OR arrayExists(g -> multiSearchAny(g, ['botnet', 'malware_cc', 'password_spray', 'darknet_scanning']), dictGet('ip_intelligence', 'tags', address)))
),
-- kept as one value, since the engine computes a subquery wherever it is named
(SELECT groupUniqArray(ip_address) FROM suspects) AS suspected,
-- on which days who was at such an address often enough to be familiar with it
visits AS
(
    SELECT tenant, ip_address, user_id, arraySort(groupUniqArray(toInt32(toDate(ts)))) AS used
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64} + {window_us:UInt64}) - toIntervalDay({baseline_days:UInt32} + 1)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        AND ip_address IN (SELECT arrayJoin(suspected))
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
    GROUP BY tenant, ip_address, user_id
    HAVING length(used) >= {familiar_days:UInt32}
),
-- on which of them the user is familiar: after successes on so many separate earlier days, which the one so many before it tells
familiar AS
(
    SELECT
        tenant, ip_address, user_id,
        arrayJoin(arrayFilter((d, nth) -> nth >= d - toInt32({baseline_days:UInt32}), used, arraySlice(arrayConcat(arrayWithConstant({familiar_days:UInt32}, toInt32(-1000000)), used), 1, length(used)))) AS day
    FROM visits
),
-- how many users are familiar with an address on each day, also on those on which they are elsewhere: from the day after so
-- many of theirs until the first of these is too long ago, and of two such stretches the later one without the earlier
popularity AS
(
    SELECT tenant, ip_address, day, count() AS regulars
    FROM
    (
        SELECT
            tenant, ip_address,
            arrayJoin(arrayFlatten(arrayMap((nth, first, before) -> range(
                    toInt32(greatest(nth + 1, before + toInt32({baseline_days:UInt32}) + 1, toInt32(toDate32({from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64} + {window_us:UInt64}))))),
                    toInt32(least(first + toInt32({baseline_days:UInt32}), toInt32(toDate32({to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})))) + 1)),
                arraySlice(used, {familiar_days:UInt32}), arraySlice(used, 1, length(used) - {familiar_days:UInt32} + 1), arraySlice(arrayPushFront(used, toInt32(-1000000)), 1, length(used) - {familiar_days:UInt32} + 1)))) AS day
        FROM visits
    )
    GROUP BY tenant, ip_address, day
),
points AS
(
    SELECT
        tenant, ip_address, ip, event_id, ts, toUnixTimestamp64Milli(ts) AS at, toInt32(toDate(ts)) AS day, user_id, toString(activity) AS class,
        (user_email, user_name) AS person, (toString(country), toString(as_organization), toString(browser)) AS spot,
        user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AS somebody,
        -- an attempt with a name that nobody has counts by that name, or by itself where the record has none
        multiIf(somebody, user_id, user_email != '', user_email, user_name != '', user_name, event_id) AS who,
        somebody AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication') AND (empty({subjects:Array(String)}) OR has({subjects:Array(String)}, user_id))
            AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64}) AS act
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64} + {window_us:UInt64})
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        AND ip_address IN (SELECT arrayJoin(suspected))
        AND (activity IN ('failed_logon', 'logon') OR act)
),
stretches AS
(
    SELECT
        *,
        at - lagInFrame(at) OVER same >= intDiv({window_us:UInt64}, 1000) AS opens,
        leadInFrame(at, 1, toInt64(9000000000000000)) OVER same - at >= intDiv({window_us:UInt64}, 1000) AS closes
    FROM
    (
        -- 1 failed, 2 succeeded and is familiar with the address
        SELECT p.*, multiIf(p.class = 'failed_logon', 1, p.class = 'logon' AND f.day != 0, 2, 0) AS kind
        FROM points AS p
        LEFT JOIN familiar AS f ON f.tenant = p.tenant AND f.ip_address = p.ip_address AND f.user_id = p.user_id AND f.day = p.day
    )
    -- a name that is a user's, too, is another one: what opens and what closes is of the same kind
    WINDOW same AS (PARTITION BY tenant, ip_address, kind, somebody, who ORDER BY at, event_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
),
counted AS
(
    SELECT
        tenant, ip_address, ip, event_id, ts, day, user_id, class, person, spot, act,
        sum(kind = 1) OVER upto - sum(kind = 1) OVER gone AS failures,
        sum(kind = 1 AND opens) OVER upto - sum(kind = 1 AND closes) OVER gone AS failing_names,
        -- of them those of users
        sum(kind = 1 AND opens AND somebody) OVER upto - sum(kind = 1 AND closes AND somebody) OVER gone AS failing_known,
        sum(kind = 2 AND opens) OVER upto - sum(kind = 2 AND closes) OVER gone AS succeeding_users
    FROM stretches
    WINDOW upto AS (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        gone AS (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({window_us:UInt64}, 1000) PRECEDING)
),
known AS
(
    SELECT
        *,
        dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS said,
        arrayFilter(i -> said.1[i] = tenant AND said.5[i] <= ts AND ts < said.6[i], arrayEnumerate(said.1)) AS valid,
        arrayFilter(i -> said.2[i] = 'operator', valid) AS own,
        if(notEmpty(own), own, valid) AS counting,
        arrayDistinct(arrayFlatten(arrayMap(i -> splitByChar(',', said.4[i]), counting))) AS every_tag,
        arrayConcat(
            arrayFilter(t -> t IN ('botnet', 'malware_cc', 'password_spray', 'darknet_scanning'), every_tag),
            -- risky without a reason that anonymous_ip judges
            if(arrayExists(i -> said.3[i] = 'risky', counting) AND NOT hasAny(every_tag, ['tor', 'anonymous_proxy', 'vpn', 'relay', 'satellite', 'hosting', 'botnet', 'malware_cc', 'password_spray', 'darknet_scanning']), ['risky'], [])) AS tags,
        arraySort(arrayDistinct(arrayMap(i -> said.2[i], counting))) AS sources,
        NOT arrayExists(i -> said.3[i] IN ('corporate', 'administrative'), own)
            AND failing_names >= {failing_users:UInt32} AND failing_names > succeeding_users AS sprayed,
        arraySort(arrayConcat(tags, if(sprayed, ['failed_here'], []))) AS reasons
    FROM counted
    WHERE act
),
judged AS
(
    SELECT
        k.tenant AS tenant, k.user_id AS user_id, k.ip_address AS ip_address, k.event_id AS event_id, k.ts AS ts, k.class AS class, k.person AS person, k.spot AS spot,
        k.failures AS failures, k.failing_names AS failing_names, k.failing_known AS failing_known, k.succeeding_users AS succeeding_users, k.sources AS sources, k.reasons AS reasons,
        c.regulars AS regulars,
        -- a feed may be wrong about where many work; botnets, sprays and what failed here it does not excuse
        if(c.regulars >= {popular_users:UInt32} AND NOT hasAny(k.reasons, ['botnet', 'malware_cc', 'password_spray', 'failed_here']) AND NOT has(k.every_tag, 'tor'), ['popular_address'], CAST([], 'Array(String)')) AS excuses
    FROM known AS k
    LEFT JOIN popularity AS c ON c.tenant = k.tenant AND c.ip_address = k.ip_address AND c.day = k.day
    WHERE notEmpty(k.reasons)
),
marked AS
(
    SELECT *, toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER earlier > {series_us:UInt64} AS begins
    FROM judged
    WINDOW earlier AS (PARTITION BY tenant, user_id, excuses ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id, excuses ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS series
    FROM marked
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    argMax(person.1, (ts, event_id)) AS subject_email,
    argMax(person.2, (ts, event_id)) AS subject_name,
    argMin(event_id, (ts, event_id)) AS finding_key,
    min(ts) AS anchor_time,
    min(ts) AS start_time,
    max(ts) AS end_time,
    arraySort(groupArray((ts, event_id))) AS all_events,
    arrayMap(e -> e.2, arraySlice(all_events, 1, 100)) AS event_ids,
    toUInt64(count()) AS event_count,
    arraySort(groupUniqArrayArray(reasons)) AS all_reasons,
    arraySort(groupUniqArray(ip_address)) AS addresses,
    max(failing_names) AS most_failing,
    argMax(failing_known, (failing_names, failing_known)) AS known_users,
    multiIf(hasAny(all_reasons, ['botnet', 'malware_cc', 'password_spray', 'failed_here']), 'high', 'medium') AS severity,
    round(length(all_reasons) + most_failing / {failing_users:UInt32}, 2) AS score,
    concat(multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        ' was active from ', if(length(addresses) = 1, concat('the address ', addresses[1]), concat(toString(length(addresses)), ' addresses')), ', ',
        multiIf(has(all_reasons, 'botnet'), 'which belongs to a botnet', has(all_reasons, 'malware_cc'), 'which controls malware', has(all_reasons, 'password_spray'), 'which is known for password spraying',
            has(all_reasons, 'failed_here'), concat('where ', toString(most_failing), if(known_users = most_failing, ' users', concat(' names, ', toString(known_users), ' of them of users,')),
                ' failed to log on within ', if({window_us:UInt64} = 86400000000, 'a day', concat(toString(round({window_us:UInt64} / 3.6e9, 1)), ' hours'))),
            has(all_reasons, 'darknet_scanning'), 'which scans networks', 'which is tagged as risky')) AS title,
    toJSONString(CAST((all_reasons, arraySlice(addresses, 1, 20), length(addresses), arraySort(groupUniqArrayArray(sources)), arraySort(groupUniqArray(class)),
            arraySlice(arraySort(groupUniqArray(spot.2)), 1, 20), arraySlice(arraySort(groupUniqArray(spot.1)), 1, 20), arraySlice(arraySort(groupUniqArray(spot.3)), 1, 20),
            max(failures), most_failing, known_users, max(succeeding_users), {failing_users:UInt32}, round({window_us:UInt64} / 3.6e9, 1), max(regulars), {popular_users:UInt32},
            multiIf(has(all_reasons, 'failed_here'), 'Others failed to log on there shortly before: the password was probably guessed.',
                severity = 'high', 'The address is an attacker''s by what feeds say.', 'The address has a bad name; nothing else speaks against the user.')),
        'Tuple(reasons Array(String), ipAddresses Array(String), addresses UInt64, sources Array(String), activities Array(String), networks Array(String), countries Array(String), browsers Array(String),
            failures UInt64, failingUsers UInt64, failingKnownUsers UInt64, succeedingUsers UInt64, failingUsersNeeded UInt32, windowHours Float64, regularUsers UInt64, popularUsers UInt64, severityReason String)')) AS evidence,
    excuses AS suppressed_by
FROM numbered
GROUP BY tenant, user_id, excuses, series
HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
