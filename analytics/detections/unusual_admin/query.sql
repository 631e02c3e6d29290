-- One row per session of administration that is too large, completes a sequence, or is a beginner's with an operation
-- that nobody uses. Rates are learned from whole earlier days only.
WITH
-- what DocuSign writes as one word, in words: AdministratorAdded is administrator added; SSO stays
o -> arrayStringConcat(arrayCompact(arrayMap(w -> if(match(w, '^[A-Z]{2,}[a-z]?$'), w, lower(w)),
    splitByChar(' ', replaceRegexpAll(replaceRegexpAll(replaceAll(o, '_', ' '), '([a-z0-9])([A-Z])', '\\1 \\2'), '([A-Z]+)([A-Z][a-z])', '\\1 \\2')))), ' ') AS said,
operations AS
(
    SELECT
        tenant, user_id, event_id, ts, toString(activity) AS class, affected_user_id, (user_email, user_name) AS whose, (ip_address, toString(as_organization), toString(country), toString(city)) AS spot,
        trimBoth(concat(object, ' ', action, if(property != '', concat(' ', property), ''))) AS operation,
        lower(replaceRegexpAll(concat(object, ' ', action, ' ', property, ' ', field, ' ', JSONExtractString(data, 'SettingsKey')), '[^A-Za-z ]', '')) AS text,
        multiIf(
            activity = 'export' OR activity = 'connect' AND match(text, 'creat|add|updat|enabl|chang|modif|edit|set'), 3,
            match(text, 'authenti|sso|saml|mfa|twofactor|twostep|password ?(rule|polic|strength)|signin|login|iprange|ipallow|trustedip|identityprovider|session')
                AND match(text, 'disabl|remov|delet|updat|chang|modif|edit|off|reset|relax|reduc|clear|set'), 2,
            NOT match(text, 'delet|remov|revok|clos|deactiv')
                AND (activity = 'permission' AND match(text, 'add|assign|grant|creat|made|set|updat|chang') OR match(text, 'admin') OR activity = 'user_management' AND match(text, 'add|creat|invit|import|activat|reopen')), 1,
            0) AS step
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(92)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND activity IN ('user_management', 'permission', 'settings', 'connect', 'integration', 'group_management', 'export')
        -- what people do to their own user is no administration
        AND NOT (activity = 'user_management' AND affected_user_id = user_id)
),
-- of each third step, the latest second step before it that has a first step before it
chained AS
(
    SELECT
        *,
        maxIf((one, (ts, event_id, operation)), step = 2 AND one.2 != '') OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS two
    FROM
    (
        SELECT
            tenant, user_id, event_id, ts, class, affected_user_id, whose, spot, operation, step,
            maxIf((ts, event_id, operation), step = 1) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS one
        FROM operations
    )
),
days AS
(
    SELECT
        tenant, user_id, day, members,
        -- what the user did in the 90 days before: how many operations in each session, and which
        groupArray((day, sizes, kinds)) OVER (PARTITION BY tenant, user_id ORDER BY toInt32(day) RANGE BETWEEN 90 PRECEDING AND 1 PRECEDING) AS history
    FROM
    (
        SELECT
            tenant, user_id, toDate(ts) AS day,
            arraySort(groupArray((ts, event_id, class, affected_user_id, whose, spot, operation,
                if(step = 3 AND two.2.2 != '' AND toUnixTimestamp64Micro(ts) - toUnixTimestamp64Micro(two.1.1) <= {sequence_us:UInt64}, [two.1, two.2, (ts, event_id, operation)], [])))) AS members,
            arrayMap(r -> length(r), arraySplit((r, gap) -> gap > {session_us:UInt64}, members, arrayDifference(arrayMap(m -> toUnixTimestamp64Micro(m.1), members)))) AS sizes,
            groupUniqArray(operation) AS kinds
        FROM chained
        GROUP BY tenant, user_id, day
    )
),
sessions AS
(
    SELECT
        tenant, user_id, day, history, session, session[1].1 AS anchor_time, length(session) AS size,
        arrayDistinct(session.7) AS kinds,
        arrayFlatten(history.2) AS own_sizes,
        arrayFilter(k -> NOT arrayExists(l -> has(l, k), history.3), arrayDistinct(session.7)) AS new_kinds,
        -- the class of most operations; of equals the first by name
        (arraySort(arrayMap(a -> (-toInt64(countEqual(session.3, a)), a), arrayDistinct(session.3)))[1]).2 AS class,
        arrayFirst(m -> notEmpty(m.8), session).8 AS sequence
    FROM
    (
        SELECT
            tenant, user_id, day, history,
            arrayJoin(arraySplit((r, gap) -> gap > {session_us:UInt64}, members, arrayDifference(arrayMap(m -> toUnixTimestamp64Micro(m.1), members)))) AS session
        FROM days
    )
    WHERE session[1].1 >= {from:DateTime64(7, 'UTC')} AND session[1].1 <= {to:DateTime64(7, 'UTC')}
        -- what can be a finding at all
        AND (length(session) >= {floor_operations:UInt32} OR arrayExists(m -> notEmpty(m.8), session) OR empty(history))
),
-- what others did on the 90 days before; not read when there is no session to judge
compared AS
(
    SELECT
        tenant, user_id, anchor_time,
        any(on_day) AS day, any(past) AS history, any(members) AS session, any(n) AS size, any(which) AS kinds, any(own) AS own_sizes, any(fresh) AS new_kinds, any(steps) AS sequence,
        groupArrayArrayIf(sizes, near) AS tenant_sizes,
        groupArrayArrayIf(sizes, near AND has(classes, class)) AS peer_sizes,
        groupUniqArrayArrayIf(arrayMap(k -> (other_day, k), others_kinds), near) AS tenant_kinds,
        countIf(near AND other_day <= on_day - 7) > 0 AS others_before
    FROM
    (
        SELECT
            s.tenant AS tenant, s.user_id AS user_id, s.anchor_time AS anchor_time, s.day AS on_day, s.history AS past, s.session AS members, s.size AS n, s.kinds AS which,
            s.own_sizes AS own, s.new_kinds AS fresh, s.sequence AS steps, s.class AS class,
            o.sizes AS sizes, o.classes AS classes, o.kinds AS others_kinds, o.day AS other_day,
            o.user_id != '' AND o.user_id != s.user_id AND o.day < s.day AND o.day >= s.day - 90 AS near
        FROM
        (
            SELECT
                tenant, user_id, toDate(ts) AS day,
                arraySort(groupArray(toUnixTimestamp64Micro(ts))) AS times,
                arrayMap(r -> length(r), arraySplit((r, gap) -> gap > {session_us:UInt64}, times, arrayDifference(times))) AS sizes,
                groupUniqArray(toString(activity)) AS classes,
                groupUniqArray(trimBoth(concat(object, ' ', action, if(property != '', concat(' ', property), '')))) AS kinds
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(92)
                AND ts <= {to:DateTime64(7, 'UTC')}
                AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND activity IN ('user_management', 'permission', 'settings', 'connect', 'integration', 'group_management', 'export')
                AND NOT (activity = 'user_management' AND affected_user_id = user_id)
            GROUP BY tenant, user_id, day
        ) AS o
        RIGHT JOIN sessions AS s ON s.tenant = o.tenant
    )
    GROUP BY tenant, user_id, anchor_time
),
-- the second pass: what lies beyond six deviations of the median of the raw history is left out, for the tenant, the peers and the user
learned AS
(
    SELECT *, arrayMap((p, m, d) -> arrayFilter(n -> n <= m + 6 * greatest(d, 1), p), pools, medians, deviations) AS kept
    FROM
    (
        SELECT *, arrayMap((p, m) -> if(empty(p), 0., toFloat64(arraySort(arrayMap(n -> abs(n - m), p))[intDiv(length(p) + 1, 2)])), pools, medians) AS deviations
        FROM
        (
            SELECT *, arrayMap(p -> if(empty(p), 0., toFloat64(arraySort(p)[intDiv(length(p) + 1, 2)])), pools) AS medians
            FROM (SELECT *, [tenant_sizes, peer_sizes, own_sizes] AS pools FROM compared)
        )
    )
),
-- rates, each shrunk towards the next wider one, and how likely the session is by them (gamma-Poisson)
rated AS
(
    SELECT
        *,
        greatest(0, 1 - arraySum(arrayMap(i -> exp(lgamma(i + shape) - lgamma(shape) - lgamma(i + 1) + shape * log(weight / (weight + 1)) - i * log(weight + 1)), range(least(size, 2000))))) AS chance
    FROM
    (
        SELECT *, arraySum(kept[3]) + {prior_sessions:Float64} * peers_rate AS shape, length(kept[3]) + {prior_sessions:Float64} AS weight,
            (arraySum(kept[3]) + {prior_sessions:Float64} * peers_rate) / (length(kept[3]) + {prior_sessions:Float64}) AS expected
        FROM
        (
            SELECT *, (arraySum(kept[2]) + {prior_sessions:Float64} * tenant_rate) / (length(kept[2]) + {prior_sessions:Float64}) AS peers_rate
            FROM (SELECT *, (arraySum(kept[1]) + {prior_sessions:Float64} * {prior_operations:Float64}) / (length(kept[1]) + {prior_sessions:Float64}) AS tenant_rate FROM learned)
        )
    )
),
judged AS
(
    SELECT
        tenant, user_id, anchor_time, day, history, session, size, kinds, own_sizes, new_kinds, sequence, tenant_kinds, kept, tenant_rate, peers_rate, expected, chance, too_many, chain, rare, grown, beginner,
        arrayCount(h -> h.1 <= day - 14 AND arrayExists(n -> n * 2 >= size, h.2), history) >= 3 AS usual_volume,
        chain AND arrayAll(o -> arrayCount(h -> has(h.3, o.3), history) >= 3, sequence) AS usual_operations,
        arrayDistinct(arrayFilter(u -> u != '', session.4)) AS affected,
        -- what was done, the most often done first
        arraySort(arrayMap(k -> (-toInt64(countEqual(session.7, k)), k), kinds)) AS deeds,
        (toUnixTimestamp64Micro(session[-1].1) - toUnixTimestamp64Micro(session[1].1)) / 6e7 AS minutes,
        -- how far back others are known to have administered, up to 90 days; a week in which nobody does is no end of the record
        day - arrayMin(tenant_kinds.1) AS record_days,
        if(chain, (toUnixTimestamp64Micro(sequence[3].1) - toUnixTimestamp64Micro(sequence[1].1)) / 3.6e9, 0) AS sequence_hours
    FROM
    (
        SELECT *, empty(history) AND notEmpty(rare) AND grown AS beginner
        FROM
        (
            SELECT
                *,
                size >= {floor_operations:UInt32} AND size >= {factor:Float64} * expected AND chance <= {probability:Float64} AS too_many,
                notEmpty(sequence) AS chain,
                arrayFilter(k -> countEqual(tenant_kinds.2, k) < 3, new_kinds) AS rare,
                others_before OR arrayExists(d -> d <= day - 7, history.1) AS grown
            FROM rated
        )
    )
    WHERE too_many OR chain OR beginner
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    session[-1].5.1 AS subject_email,
    session[-1].5.2 AS subject_name,
    session[1].2 AS finding_key,
    anchor_time,
    if(chain, least(anchor_time, sequence[1].1), anchor_time) AS start_time,
    session[-1].1 AS end_time,
    arrayDistinct(arrayMap(m -> m.2, arraySort(arrayConcat(arrayMap(m -> (m.1, m.2), session), arrayMap(o -> (o.1, o.2), sequence))))) AS all_event_ids,
    -- the steps of a sequence first, so that none is cut off
    arraySlice(arrayDistinct(arrayConcat(arrayMap(o -> o.2, sequence), all_event_ids)), 1, 100) AS event_ids,
    toUInt64(length(all_event_ids)) AS event_count,
    round(size / expected, 2) AS score,
    multiIf(chain OR too_many AND notEmpty(rare), 'high', too_many, 'medium', 'low') AS severity,
    concat(
        multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        multiIf(
            chain, concat(' added rights (', said(sequence[1].3), '), changed authentication (', said(sequence[2].3), ') and took data out (', said(sequence[3].3), ') within ',
                if(sequence_hours < 1, concat(if(sequence_hours <= 1 / 60, 'a minute', concat(toString(ceil(sequence_hours * 60)), ' minutes'))), concat(toString(round(sequence_hours, 1)), ' hours'))),
            too_many, concat(' did ', toString(size), ' administrative operations within ', if(minutes <= 1, 'a minute', concat(toString(ceil(minutes)), ' minutes')), ', where ', toString(round(expected, 1)), ' are expected', ': ',
                arrayStringConcat(arrayMap(d -> concat(said(d.2), if(d.1 = -1, ' once', concat(' ', toString(-d.1), ' times'))), arraySlice(deeds, 1, 2)), ', '),
                if(length(deeds) > 2, concat(' and ', toString(size + arraySum(arraySlice(deeds, 1, 2).1)), ' more of ', if(length(deeds) = 3, 'another kind', concat(toString(length(deeds) - 2), ' kinds'))), '')),
            concat(' administered for the first time in ', if(record_days >= 83, '90', concat('the ', toString(record_days))), ' days', if(record_days >= 83, '', ' on record'), ', with an operation that nobody uses: ', said(rare[1])))) AS title,
    toJSONString(CAST((
            size, round(minutes, 1), round(expected, 2), round(chance, 6), arrayFilter(r -> r != '', [if(too_many, 'volume', ''), if(chain, 'sequence', ''), if(beginner, 'firstAdministration', '')]),
            length(kept[3]), length(own_sizes) - length(kept[3]), round(peers_rate, 2), length(kept[2]), round(tenant_rate, 2), length(kept[1]),
            arraySlice(arraySort(arrayMap(k -> (k, countEqual(session.7, k), toUInt64(arrayCount(l -> has(l, k), history.3)), countEqual(tenant_kinds.2, k)), kinds)), 1, 20),
            arraySlice(arraySort(new_kinds), 1, 20), arraySlice(arraySort(rare), 1, 20),
            arrayMap(o -> (formatDateTime(o.1, '%FT%TZ'), o.2, o.3), sequence), round(sequence_hours, 2),
            length(affected), arraySlice(arraySort(affected), 1, 20),
            arraySlice(arraySort(arrayDistinct(session.6)), 1, 10),
            multiIf(chain, 'These steps in this order make an account an attacker''s own.', too_many AND notEmpty(rare), 'The session is too large, and has operations that are new for the user and rare in the tenant.',
                too_many, 'The session is too large, but its operations are not new.', 'One rare operation, and no more.')
        ),
        'Tuple(operations UInt64, minutes Float64, expected Float64, probability Float64, reasons Array(String), userSessions UInt64, userSessionsLeftOut UInt64, peersExpected Float64, peersSessions UInt64,
            tenantExpected Float64, tenantSessions UInt64, byOperation Array(Tuple(operation String, count UInt64, userDays UInt64, tenantDays UInt64)), newForUser Array(String), rareInTenant Array(String),
            sequence Array(Tuple(time String, eventId String, operation String)), sequenceHours Float64, affectedUsers UInt64, affectedUserIds Array(String),
            from Array(Tuple(ipAddress String, network String, country String, city String)), severityReason String)')) AS evidence,
    arrayFilter(r -> r != '', [
        -- the steps of a takeover need no baseline
        if(NOT grown AND NOT chain, 'learning', ''),
        if(too_many AND usual_volume AND NOT beginner AND (NOT chain OR usual_operations), 'usual_volume', ''),
        if(usual_operations AND NOT beginner AND (NOT too_many OR usual_volume), 'usual_operations', '')]) AS suppressed_by
FROM judged
