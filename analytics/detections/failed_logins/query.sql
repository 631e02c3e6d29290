-- One row per episode of failed log-ons, in three shapes: of a user, of a source (an address that fails as many users),
-- and distributed (many addresses that fail as many users). An attempt is a member of an episode when some window that
-- holds it is full; members follow each other until it is quiet.
--
-- Counts within a sliding window are differences of two running sums, so that a flood of attempts costs no more than
-- sorting it; frames are in milliseconds, because they take no more than 32 bits. Distinct users are counted the same way: each is present from an attempt until a window after it, and
-- what is summed is where such stretches open and close.
--
-- The layers are many because the engine copies an expression wherever its alias is used; and the last ones have bitAnd and
-- arrayMin for AND, because it compares the sides of AND and OR by all that lies below them, for half a second.
WITH
-- Failures count where a window is full: of their user, of their address, or of the tenant, for which the address has to be
-- judged, too. A full window lies in two neighbouring parts of a grid of its length. The keys of such places and times are
-- kept as one value, since the engine computes a subquery wherever it is named; a collision keeps one too many.
(
    SELECT groupUniqArrayArray(arrayConcat(
        if(of_user >= {threshold:UInt32}, arrayMap(n -> cityHash64(tenant, 'user', user_id, intDiv(at, intDiv({window_us:UInt64}, 1000) + 1) - n), [0, 1]), []),
        if(of_address >= {spray_attempts:UInt32}, arrayMap(n -> cityHash64(tenant, 'address', ip_address, intDiv(at, intDiv({spray_window_us:UInt64}, 1000) + 1) - n), [0, 1]), []),
        if(of_all >= {distributed_attempts:UInt32}, arrayMap(t -> cityHash64(tenant, 'hour', '', intDiv(t, intDiv(greatest({spray_window_us:UInt64}, {distributed_window_us:UInt64}), 1000) + 1)),
            [at, at - intDiv({distributed_window_us:UInt64}, 1000) - 1, at - intDiv({distributed_window_us:UInt64}, 1000) - intDiv({spray_window_us:UInt64}, 1000) - 2]), [])))
    FROM
    (
        SELECT
            tenant, user_id, ip_address, toUnixTimestamp64Milli(ts) AS at,
            count() OVER (PARTITION BY tenant, user_id ORDER BY at RANGE BETWEEN intDiv({window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS of_user,
            count() OVER (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN intDiv({spray_window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS of_address,
            count() OVER (PARTITION BY tenant ORDER BY at RANGE BETWEEN intDiv({distributed_window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS of_all
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
            AND activity = 'failed_logon'
    )
) AS crowded,
failures AS
(
    SELECT
        tenant, event_id, ts, toUnixTimestamp64Milli(ts) AS at, ip_address, user_id, user_email, user_name, as_organization, browser, country, city
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
        AND activity = 'failed_logon'
        AND (cityHash64(tenant, 'user', user_id, intDiv(at, intDiv({window_us:UInt64}, 1000) + 1)) IN (SELECT arrayJoin(crowded))
            OR cityHash64(tenant, 'address', ip_address, intDiv(at, intDiv({spray_window_us:UInt64}, 1000) + 1)) IN (SELECT arrayJoin(crowded))
            OR cityHash64(tenant, 'hour', '', intDiv(at, intDiv(greatest({spray_window_us:UInt64}, {distributed_window_us:UInt64}), 1000) + 1)) IN (SELECT arrayJoin(crowded)))
),
-- A success says something where its address or its user fails nearby: for the source within three of its windows, in which
-- stretches hold together, for the user within the time of a success.
(
    SELECT groupUniqArray(cityHash64(arrayJoin([ip_address, user_id]), intDiv(at, intDiv(greatest(3 * {spray_window_us:UInt64}, {success_us:UInt64}), 1000) + 1) + arrayJoin([-1, 0, 1])))
    FROM failures
) AS near,
attempts AS
(
    SELECT
        tenant, event_id, ts, at, toDate(ts) AS day, failed, ip_address,
        -- nobody is not a subject; his attempts count for the address
        if(user_id IN ('0', '00000000-0000-0000-0000-000000000000'), '', user_id) AS user,
        (user_email, user_name, as_organization, browser) AS spot, country, city
    FROM
    (
        SELECT *, true AS failed FROM failures
        UNION ALL
        SELECT tenant, event_id, ts, toUnixTimestamp64Milli(ts) AS at, ip_address, user_id, user_email, user_name, as_organization, browser, country, city, false AS failed
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
            AND activity = 'logon'
            AND (cityHash64(ip_address, intDiv(at, intDiv(greatest(3 * {spray_window_us:UInt64}, {success_us:UInt64}), 1000) + 1)) IN (SELECT arrayJoin(near))
                OR cityHash64(user_id, intDiv(at, intDiv(greatest(3 * {spray_window_us:UInt64}, {success_us:UInt64}), 1000) + 1)) IN (SELECT arrayJoin(near)))
    )
),
-- who succeeded where, in the weeks that it is learned from; kept as one value, so that the attempts are read once for it
(
    SELECT groupUniqArray((user, cityHash64(ip_address, user, intDiv(toRelativeDayNum(day - arrayJoin([0, 7, 14, 21, 28])), 7))))
    FROM attempts
    WHERE NOT failed
) AS visited,
-- on which days each user is familiar with an address where somebody fails: after successes on three of the 28 days before
familiar AS
(
    SELECT
        tenant, ip_address, user_id AS user,
        -- by the third day before each, since an array within a lambda is copied for every element
        arrayJoin(arrayFilter((d, third) -> third >= d - 28, used, arraySlice(arrayConcat([-1000, -1000, -1000], used), 1, length(used)))) AS day
    FROM
    (
        SELECT tenant, ip_address, user_id, arraySort(groupUniqArray(toInt32(toDate(ts)))) AS used
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(31)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
            AND user_id IN (SELECT arrayJoin(visited).1)
            AND cityHash64(ip_address, user_id, intDiv(toRelativeDayNum(ts), 7)) IN (SELECT arrayJoin(visited).2)
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND activity = 'logon'
        GROUP BY tenant, ip_address, user_id
        HAVING length(used) >= 3
    )
),
-- where the stretches of each user at each address open and close; those of successes reach a window to both sides. Who is
-- new at an address is not at work there: what a spray gets must not hide it.
stretches AS
(
    SELECT
        *,
        intDiv({spray_window_us:UInt64}, 1000) * if(failed, 1, 2) AS reach,
        user = '' OR at - lagInFrame(at) OVER same >= reach AS opens,
        user = '' OR leadInFrame(at, 1, toInt64(9000000000000000)) OVER same - at >= reach AS closes
    FROM (SELECT a.*, NOT a.failed AND f.day != 0 AS at_work FROM attempts AS a LEFT JOIN familiar AS f ON f.tenant = a.tenant AND f.ip_address = a.ip_address AND f.user = a.user AND f.day = toInt32(a.day))
    WINDOW same AS (PARTITION BY tenant, ip_address, user, failed, at_work ORDER BY at, event_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
),
at_address AS
(
    SELECT
        tenant, event_id, ts, at, day, failed, ip_address, user, spot, country, city,
        toInt64(sum(failed) OVER upto) - toInt64(sum(failed) OVER gone) AS tries,
        toInt64(sum(failed AND opens) OVER upto) - toInt64(sum(failed AND closes) OVER gone) AS failing,
        toInt64(sum(at_work AND opens) OVER ahead) - toInt64(sum(at_work AND closes) OVER gone) AS succeeding,
        -- the next success of the same user from here
        minIf((at, event_id, if(spot.1 != '', spot.1, user)), NOT failed) OVER later AS entered
    FROM stretches
    WINDOW upto AS (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        gone AS (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({spray_window_us:UInt64}, 1000) PRECEDING),
        ahead AS (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({spray_window_us:UInt64}, 1000) FOLLOWING),
        later AS (PARTITION BY tenant, ip_address, user ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
rated AS
(
    SELECT *, hostile AND tries >= {spray_attempts:UInt32} AND failing >= {spray_users:UInt32} AS source_full
    FROM
    (
        -- where people work, more of those who work there succeed than fail
        SELECT *, failed AND ip_address != '' AND failing > succeeding AS hostile
        FROM at_address
    )
),
-- the tenant's hostile failures together
spread AS
(
    SELECT
        *,
        sum(source_full) OVER (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({spray_window_us:UInt64}, 1000) FOLLOWING)
            > sum(source_full) OVER (PARTITION BY tenant, ip_address ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS in_source,
        user = '' OR at - lagInFrame(at) OVER by_user >= intDiv({distributed_window_us:UInt64}, 1000) AS user_opens,
        user = '' OR leadInFrame(at, 1, toInt64(9000000000000000)) OVER by_user - at >= intDiv({distributed_window_us:UInt64}, 1000) AS user_closes,
        at - lagInFrame(at) OVER by_address >= intDiv({distributed_window_us:UInt64}, 1000) AS address_opens,
        leadInFrame(at, 1, toInt64(9000000000000000)) OVER by_address - at >= intDiv({distributed_window_us:UInt64}, 1000) AS address_closes
    FROM rated
    WINDOW by_user AS (PARTITION BY tenant, hostile, user ORDER BY at, event_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING),
        by_address AS (PARTITION BY tenant, hostile, ip_address ORDER BY at, event_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
),
in_tenant AS
(
    SELECT
        tenant, event_id, ts, at, day, failed, ip_address, user, spot, country, city, hostile, in_source, entered,
        toInt64(sum(hostile) OVER upto) - toInt64(sum(hostile) OVER gone) AS tries,
        toInt64(sum(hostile AND user_opens) OVER upto) - toInt64(sum(hostile AND user_closes) OVER gone) AS users,
        toInt64(sum(hostile AND address_opens) OVER upto) - toInt64(sum(hostile AND address_closes) OVER gone) AS addresses
    FROM spread
    WINDOW upto AS (PARTITION BY tenant, hostile ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        gone AS (PARTITION BY tenant, hostile ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({distributed_window_us:UInt64}, 1000) PRECEDING)
),
-- the days around those on which a user's window may have been full: it has at most three parts, two of this grid and midnight; kept as
-- one value
(
    SELECT groupUniqArray((tenant, user, day))
    FROM
    (
        SELECT DISTINCT tenant, user_id AS user, active + arrayJoin([-1, 0, 1, 2]) AS day
        FROM
        (
            SELECT tenant, user_id, toDate(ts) AS active
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32)
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
                AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
                AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND activity = 'failed_logon'
            GROUP BY tenant, user_id, active, intDiv(toUnixTimestamp64Micro(ts), {window_us:UInt64})
            HAVING 3 * count() >= {threshold:UInt32}
        )
    )
) AS heated,
hot AS
(
    SELECT h.1 AS tenant, h.2 AS user, h.3 AS day FROM (SELECT arrayJoin(heated) AS h)
),
-- what each user did on earlier days: the addresses where he succeeded on three of the last 28 days are his own; his own
-- failures, those at an address where he succeeded the same day, make his limit. Nobody without the password can raise it.
days AS
(
    SELECT tenant, user_id AS user, active, ip_address, max(tries) AS burst, sum(successes) > 0 AS own
    FROM
    (
        SELECT tenant, user_id, toDate(ts) AS active, ip_address, countIf(activity = 'failed_logon') AS tries, countIf(activity = 'logon') AS successes
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(31)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
            AND user_id IN (SELECT user FROM hot)
            -- the weeks of a grid that the 28 days before touch; by one number, which is found sooner than a pair
            AND cityHash64(user_id, intDiv(toRelativeDayNum(ts), 7)) IN (SELECT cityHash64(user, intDiv(toRelativeDayNum(day - arrayJoin([0, 7, 14, 21, 28])), 7)) FROM hot)
            AND activity IN ('failed_logon', 'logon')
        GROUP BY tenant, user_id, active, ip_address, intDiv(toUnixTimestamp64Micro(ts), {window_us:UInt64})
    )
    GROUP BY tenant, user, active, ip_address
),
lately AS
(
    SELECT p.tenant AS tenant, p.user AS user, h.day AS day, arrayFilter(b -> b.1 < h.day AND b.1 >= h.day - 28, p.past) AS earlier
    FROM (SELECT tenant, user, groupArrayIf((active, ip_address, burst), own) AS past FROM days GROUP BY tenant, user) AS p
    INNER JOIN hot AS h ON h.tenant = p.tenant AND h.user = p.user
),
usual AS
(
    SELECT
        tenant, user, day,
        arrayFilter(a -> countEqual(earlier.2, a) >= 3, arrayDistinct(earlier.2)) AS own_addresses,
        arrayMap(d -> arrayMax(arrayMap(p -> if(p.1 = d, toInt64(p.3), 0), earlier)), arrayDistinct(earlier.1)) AS bursts
    FROM lately
),
middle AS
(
    SELECT *, arrayReduce('quantileExactLow', bursts) AS median FROM usual
),
bounded AS
(
    SELECT *, greatest({threshold:UInt32}, median + 4.45 * arrayReduce('quantileExactLow', arrayMap(b -> abs(b - median), bursts))) AS bound FROM middle
),
robust AS
(
    -- what lies beyond the bound is left out
    SELECT tenant, user, day, own_addresses, arrayFilter(b -> b <= bound, bursts) AS kept FROM bounded
),
rates AS
(
    -- a gamma prior of half a failure in a day: few days say little
    SELECT tenant, user, day, own_addresses, length(kept) AS learned_days, (0.5 + arraySum(kept)) / (1 + length(kept)) AS expected FROM robust
),
habits AS
(
    SELECT
        *,
        greatest({threshold:UInt32}, least({limit_maximum:UInt32}, toUInt32(ceil(expected + 3 * sqrt(expected * (1 + 1 / (1 + learned_days))))))) AS limit
    FROM rates
),
at_user AS
(
    SELECT
        tenant, event_id, ts, at, failed, ip_address, user, spot, country, city, in_source, entered, own_addresses, limit, expected, learned_days,
        sum(distributed_full) OVER (PARTITION BY tenant, hostile ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({distributed_window_us:UInt64}, 1000) FOLLOWING)
            > sum(distributed_full) OVER (PARTITION BY tenant, hostile ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS in_distributed,
        -- the next success of the user, and the next from an address that is not his own
        minIf((at, event_id, ip_address, country, city), NOT failed) OVER later AS next_success,
        minIf((at, event_id, ip_address, country, city), NOT failed AND NOT has(own_addresses, ip_address)) OVER later AS next_strange,
        failed AND user != '' AND limit > 0
            AND sum(failed) OVER upto - sum(failed) OVER gone >= limit AS user_full
    FROM
    (
        SELECT i.*, h.own_addresses AS own_addresses, h.limit AS limit, h.expected AS expected, h.learned_days AS learned_days
        FROM
        (
            SELECT
                *,
                hostile AND users >= {distributed_users:UInt32} AND addresses >= {distributed_addresses:UInt32} AND tries >= {distributed_attempts:UInt32}
                    AND tries <= users * {distributed_per_user:UInt32} AS distributed_full
            FROM in_tenant
        ) AS i
        LEFT JOIN habits AS h ON h.tenant = i.tenant AND h.user = i.user AND h.day = i.day
    )
    WINDOW upto AS (PARTITION BY tenant, user ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        gone AS (PARTITION BY tenant, user ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({window_us:UInt64}, 1000) + 1 PRECEDING),
        later AS (PARTITION BY tenant, user ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- an attempt stands in as many shapes as it is a member of
members AS
(
    -- a full window is never torn, so the quiet time is no shorter than the window
    SELECT *, role.1 AS subject_type, role.2 AS subject_id, role.5 AS of_user, role.6 AS of_many, intDiv(greatest({quiet_us:UInt64}, role.4), 1000) AS rest
    FROM
    (
        SELECT
            *,
            sum(user_full) OVER (PARTITION BY tenant, user ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND intDiv({window_us:UInt64}, 1000) FOLLOWING)
                > sum(user_full) OVER (PARTITION BY tenant, user ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS in_user
        FROM at_user
    )
    ARRAY JOIN arrayFilter(r -> r.3 AND failed AND (empty({subjects:Array(String)}) OR has({subjects:Array(String)}, r.2)),
        [('user', user, in_user, {window_us:UInt64}, true, false), ('address', ip_address, in_source, {spray_window_us:UInt64}, false, false), ('address', 'distributed', in_distributed, {distributed_window_us:UInt64}, false, true)]) AS role
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, subject_type, subject_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS number
    FROM
    (
        SELECT *, at - lagInFrame(at) OVER (PARTITION BY tenant, subject_type, subject_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > rest AS begins
        FROM members
    )
),
episodes AS
(
    SELECT
        tenant, subject_type, subject_id, number, any(of_user) AS of_user, any(of_many) AS of_many,
        argMax((spot.1, spot.2), (ts, event_id)) AS person,
        min(ts) AS first_ts, max(ts) AS last_ts, max(at) AS last_at,
        arraySort(groupArray((ts, event_id))) AS failures,
        uniqExact(ip_address) AS addresses,
        uniqExactIf(user, user != '') AS users,
        countIf(user = '') AS nobodys,
        countIf(in_source OR in_distributed) AS sprayed, countIf(in_distributed) AS distributed,
        arraySlice(arraySort(groupUniqArray(ip_address)), 1, 20) AS address_list,
        arraySlice(arraySort(groupUniqArrayIf(user, user != '')), 1, 20) AS user_list,
        arraySlice(arraySort(groupUniqArrayIf(spot.1, user != '' AND spot.1 != '')), 1, 20) AS email_list,
        arraySlice(arraySort(groupUniqArrayIf(country, country != '')), 1, 20) AS country_list,
        arraySlice(arraySort(groupUniqArrayIf(spot.3, spot.3 != '')), 1, 20) AS network_list,
        arraySlice(arraySort(groupUniqArrayIf(spot.4, spot.4 != '')), 1, 20) AS browser_list,
        uniqExactIf(country, country != '') AS countries, uniqExactIf(spot.3, spot.3 != '') AS networks, uniqExactIf(spot.4, spot.4 != '') AS browsers, uniqExact(spot.4) AS agents,
        -- habits are a user's; what was read of the users of a source depends on who was asked for
        argMinIf((limit, expected, learned_days, own_addresses), (ts, event_id), numbered.of_user) AS habit,
        -- the log-ons from the same address of those who had failed
        groupUniqArrayIf((entered.1, entered.2, entered.3, ip_address), entered.2 != '' AND user != '' AND entered.1 - at <= intDiv({success_us:UInt64}, 1000)) AS entries,
        -- the first log-on soon after a window was full: a failure that follows it hides nothing
        argMinIf(next_success, (next_success.1, next_success.2), user_full AND next_success.2 != '' AND next_success.1 - at <= intDiv({success_us:UInt64}, 1000)) AS next_any,
        argMinIf(next_strange, (next_strange.1, next_strange.2), user_full AND next_strange.2 != '' AND next_strange.1 - at <= intDiv({success_us:UInt64}, 1000)) AS next_other,
        groupUniqArrayIf(ip_address, in_source OR in_distributed) AS spraying,
        groupUniqArray(ip_address) AS all_addresses
    FROM numbered
    GROUP BY tenant, subject_type, subject_id, number
),
timed AS
(
    SELECT
        *,
        length(failures) AS failure_count,
        arraySort(arrayPopFront(arrayDifference(arrayMap(f -> toUnixTimestamp64Milli(f.1), failures)))) AS gaps,
        arrayAll(a -> has(habit.4, a), all_addresses) AS from_own,
        arraySort(entries)[1] AS entry,
        arraySort(arrayDistinct(entries.3)) AS entered_users,
        bitAnd(notEmpty(next_other.2), next_other.1 - last_at <= intDiv({success_us:UInt64}, 1000)) AS strange_success,
        bitAnd(bitAnd(notEmpty(next_any.2), next_any.1 - last_at <= intDiv({success_us:UInt64}, 1000)), has(all_addresses, next_any.3)) AS same_success
    FROM episodes
),
answered AS
(
    SELECT
        *,
        gaps[intDiv(length(gaps) + 1, 2)] AS gap,
        -- of a user: the success, from a failing address or from one that is not his own; of a source: the first from it
        multiIf(
            NOT of_user, CAST((entry.1, entry.2, entry.4, '', ''), 'Tuple(Int64, String, String, LowCardinality(String), LowCardinality(String))'),
            strange_success > bitAnd(same_success, next_any.1 < next_other.1), next_other,
            same_success, next_any,
            CAST((0, '', '', '', ''), 'Tuple(Int64, String, String, LowCardinality(String), LowCardinality(String))')) AS success
    FROM timed
),
judged AS
(
    SELECT
        *,
        notEmpty(success.2) AS succeeded,
        multiIf(
            of_many, 'distributed_spraying',
            NOT of_user, if(bitAnd(users + nobodys >= {stuffing_users:UInt32}, failure_count <= 2 * (users + nobodys)), 'stuffing', 'spraying'),
            least(addresses * 2, failure_count) < 10, 'guessing',
            greatest(countries * 12, networks * 8, addresses * 3, browsers * 8) >= 24, 'many_sources',
            'guessing') AS pattern,
        -- a program that keeps trying: from one address of the user's own with one agent at even intervals
        arrayMin([of_user, addresses * agents < 2, from_own, gap >= 1000,
            gaps[greatest(1, toUInt32(length(gaps) * 0.9))] - gaps[toUInt32(ceil(length(gaps) * 0.1))] <= 0.1 * gap]) AS retrying,
        arrayMin([from_own, notEmpty(success.2), has(habit.4, success.3)]) AS own_mistake,
        greatest(1, toUInt32(ceil((toUnixTimestamp64Micro(last_ts) - toUnixTimestamp64Micro(first_ts)) / 6e7))) AS minutes
    FROM answered
)
SELECT
    tenant,
    subject_type,
    subject_id,
    if(of_user, person.1, '') AS subject_email,
    if(of_user, person.2, if(of_many, 'many addresses', '')) AS subject_name,
    concat(multiIf(of_user, '', of_many, 'distributed:', 'source:'), (failures[1]).2) AS finding_key,
    first_ts AS anchor_time,
    first_ts AS start_time,
    if(succeeded, greatest(last_ts, fromUnixTimestamp64Milli(success.1, 'UTC')), last_ts) AS end_time,
    arrayMap(f -> f.2, arraySort(arrayConcat(arraySlice(failures, 1, if(succeeded, 99, 100)), if(succeeded, [(toDateTime64(fromUnixTimestamp64Milli(success.1, 'UTC'), 7, 'UTC'), success.2)], [])))) AS event_ids,
    toUInt64(failure_count + succeeded) AS event_count,
    round(failure_count / multiIf(of_user, habit.1, of_many, {distributed_attempts:UInt32}, {spray_attempts:UInt32}), 2) AS score,
    multiIf(
        NOT of_user, if(succeeded, 'high', 'medium'),
        retrying, 'low',
        succeeded > own_mistake, 'high',
        failure_count >= {high_failures:UInt32}, 'medium',
        pattern = 'many_sources', 'medium',
        'low') AS severity,
    if(minutes = 1, 'a minute', concat(toString(minutes), ' minutes')) AS span,
    concat(
        multiIf(
            of_user, concat(multiIf(person.1 != '', person.1, person.2 != '', person.2, concat('User ', subject_id)),
                ' failed to log on ', toString(failure_count), ' times within ', span, ' from ', if(addresses = 1, address_list[1], concat(toString(addresses), ' addresses'))),
            concat(if(of_many, concat(toString(addresses), ' addresses'), subject_id), ' failed to log on ', toString(failure_count), ' times within ', span,
                multiIf(users = 0, ' with names that nobody has', nobodys = 0, concat(' as ', toString(users), ' users'),
                    concat(' as ', toString(users), if(users = 1, ' user', ' users'), ' and with names that nobody has')))),
        multiIf(NOT succeeded, '', of_user, ', and then succeeded', concat(', and succeeded as ', if(length(entered_users) = 1, entered_users[1], concat(toString(length(entered_users)), ' of them'))))) AS title,
    toJSONString(CAST((
            pattern, failure_count, formatDateTime(first_ts, '%FT%TZ'), formatDateTime(last_ts, '%FT%TZ'), addresses, address_list, users, user_list, email_list, nobodys, country_list, network_list, browser_list,
            succeeded, if(succeeded, formatDateTime(fromUnixTimestamp64Milli(success.1, 'UTC'), '%FT%TZ'), ''), success.3, success.4, success.5,
            bitAnd(succeeded, has(all_addresses, success.3)), arraySlice(entered_users, 1, 20), from_own, retrying, round(gap / 1e3, 1), sprayed,
            {threshold:UInt32}, habit.1, round(habit.2, 2), habit.3, round({window_us:UInt64} / 6e7, 1),
            multiIf(
                NOT of_user, if(succeeded, 'Somebody got in from where many users failed.', 'Many users failed from there, and nobody of them got in.'),
                retrying, 'A program keeps trying, as one with expired credentials does.',
                succeeded > own_mistake, 'A log-on followed the failures, and not as one of the user''s own from a usual address.',
                failure_count >= {high_failures:UInt32}, 'There were very many failures, and no success.',
                pattern = 'many_sources', 'Many sources tried, and none got in.',
                own_mistake, 'The user got in from a usual address after failures there.', 'Nobody got in.')
        ),
        'Tuple(pattern String, failures UInt64, firstFailure String, lastFailure String, addresses UInt64, ipAddresses Array(String), users UInt64, userList Array(String), emails Array(String), failuresOfNobody UInt64,
            countries Array(String), networks Array(String), browsers Array(String), succeeded Bool, successTime String, successIpAddress String, successCountry String, successCity String,
            successFromFailingAddress Bool, succeededUsers Array(String), fromOwnAddresses Bool, evenIntervals Bool, intervalSeconds Float64, failuresInSpray UInt64,
            threshold UInt32, userLimit UInt32, usualFailures Float64, learnedDays UInt64, windowMinutes Float64, severityReason String)')) AS evidence,
    arrayConcat(
        if(retrying > succeeded, ['expired_credentials'], []),
        -- a success that the spray does not explain is the user's own finding
        if(arrayMin([of_user, failure_count - sprayed < {threshold:UInt32}, greatest(NOT succeeded, own_mistake, has(spraying, success.3))]), ['part_of_spray'], []),
        if(arrayMin([NOT of_user, NOT of_many, failure_count - distributed < {spray_attempts:UInt32}]), ['part_of_distributed_spray'], [])) AS suppressed_by
FROM judged
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
