-- One row per series of unusual acts of an application. Acts of one hour by one application for one user from one network
-- are judged together; what is usual comes from whole earlier days.
WITH
used AS
(
    SELECT
        tenant, integration_key AS app, user_id,
        toInt32(toDate(ts)) AS day, toInt32(toHour(ts)) AS hour,
        -- a server's own addresses say nothing about who uses the key
        multiIf(place_kind = 'server', '', asn != 0, concat('AS', toString(asn)), ip_address = '', '', replaceOne(cutIPv6(ip, 10, 1), '::ffff:', '')) AS network,
        ts, event_id, user_email, if(network = '', '', if(as_organization != '', as_organization, network)) AS network_name, ip_address, country, activity, administrative
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(70)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(10)
        AND integration_key != ''
        AND (empty({subjects:Array(String)}) OR integration_key IN {subjects:Array(String)})
        AND activity NOT IN ('failed_logon', 'docusign_alert')
),
acts AS
(
    SELECT tenant, app, user_id, day, hour, network, count() AS acted, min((ts, event_id)) AS first, max(ts) AS last_ts
    FROM used
    GROUP BY tenant, app, user_id, day, hour, network
),
-- a day, and one in the frames below, is counted by its first act
begun AS
(
    SELECT
        *,
        first = min(first) OVER (PARTITION BY tenant, app, day, network) AS network_begins,
        first = min(first) OVER (PARTITION BY tenant, app, day, user_id) AS pair_begins,
        first = min(first) OVER (PARTITION BY tenant, app, day) AS day_begins,
        sum(acted) OVER (PARTITION BY tenant, app, day, user_id) AS pair_events,
        sum(acted) OVER (PARTITION BY tenant, app, day, user_id, network) AS network_events
    FROM acts
),
compared AS
(
    SELECT
        *,
        countIf(day_begins) OVER (PARTITION BY tenant, app ORDER BY day RANGE BETWEEN 31 PRECEDING AND 1 PRECEDING) AS key_days,
        countIf(network_begins) OVER (PARTITION BY tenant, app, network ORDER BY day RANGE BETWEEN 31 PRECEDING AND 1 PRECEDING) AS network_days,
        countIf(pair_begins) OVER pair AS pair_days,
        groupBitOr(bitShiftLeft(toUInt32(1), hour)) OVER pair AS pair_hour_bits,
        quantileExactIf(0.5)(pair_events, pair_begins) OVER (PARTITION BY tenant, app, user_id ORDER BY day RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING) AS median_events
    FROM begun
    WINDOW pair AS (PARTITION BY tenant, app, user_id ORDER BY day RANGE BETWEEN 31 PRECEDING AND 1 PRECEDING)
),
daily AS
(
    SELECT
        *,
        -- one visit makes nobody familiar
        pair_days < {familiar_days:UInt32} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AS new_user,
        key_days < {familiar_days:UInt32} AS new_key,
        countIf(pair_begins AND new_user) OVER of_day AS day_users,
        countIf(network != '' AND network_days = 0) OVER of_day > 0 AS day_networks
    FROM compared
    WINDOW of_day AS (PARTITION BY tenant, app, day)
),
usual AS
(
    SELECT
        *,
        -- the median resists a few days of an attacker, and four weeks resist his patience
        quantileExactIf(0.5)(day_users, day_begins) OVER earlier AS median_users,
        countIf(day_begins AND day_networks AND NOT new_key) OVER earlier AS roaming_days
    FROM daily
    WINDOW earlier AS (PARTITION BY tenant, app ORDER BY day RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
),
-- from here on there are few rows: those of known keys, users, networks and hours are left out
candidates AS
(
    SELECT
        *,
        arrayFilter(h -> bitTest(pair_hour_bits, h), range(24)) AS pair_hours,
        if(isNaN(median_users), 0, toFloat64(median_users)) AS usual_users,
        greatest(toFloat64({fan_out_users:UInt32}), {fan_out_factor:Float64} * usual_users) AS fan_out_limit,
        NOT new_key AND network != '' AND network_days < {familiar_days:UInt32} AS new_network,
        if(isNaN(median_events), 0, toFloat64(median_events)) AS usual_events,
        greatest(toFloat64({volume_events:UInt32}), {volume_factor:Float64} * usual_events) AS volume_limit,
        new_network AND network_events >= volume_limit AS excessive,
        NOT new_key AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND pair_days >= {hour_days:UInt32}
            AND NOT arrayExists(h -> least(abs(h - hour), 24 - abs(h - hour)) <= {hour_slack:UInt32}, pair_hours) AS odd_hour,
        NOT new_key AND new_user AND row_number() OVER (PARTITION BY tenant, app, user_id, day ORDER BY first) = 1 AS user_begins
    FROM usual
    WHERE new_key OR new_user OR network_days < {familiar_days:UInt32} OR pair_days >= {hour_days:UInt32}
),
counted AS
(
    SELECT
        *,
        user_begins AND toInt64(sum(user_begins AND opens) OVER upto) - toInt64(sum(user_begins AND closes) OVER gone) >= fan_out_limit AS full_window
    FROM
    (
        -- a user who is new on several days counts once in a window
        SELECT
            *,
            toUnixTimestamp64Milli(first.1) AS at,
            at - lagInFrame(at) OVER same > {window_ms:UInt64} AS opens,
            leadInFrame(at, 1, toInt64(9000000000000000)) OVER same - at > {window_ms:UInt64} AS closes
        FROM candidates
        WHERE new_key OR new_network OR odd_hour OR new_user
        WINDOW same AS (PARTITION BY tenant, app, user_id, user_begins ORDER BY at, first ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
    )
    WINDOW upto AS (PARTITION BY tenant, app ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        gone AS (PARTITION BY tenant, app ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND {window_ms:UInt64} + 1 PRECEDING)
),
spread AS
(
    SELECT
        *,
        user_begins AND max(full_window) OVER (PARTITION BY tenant, app, user_begins ORDER BY toUnixTimestamp64Milli(first.1) RANGE BETWEEN CURRENT ROW AND {window_ms:UInt64} FOLLOWING) AS in_fan_out
    FROM counted
),
members AS
(
    SELECT *
    FROM
    (
        -- what else was done for a user on his first day belongs to it
        SELECT *, new_user AND max(in_fan_out) OVER (PARTITION BY tenant, app, user_id, day) AS fan_out
        FROM spread
    )
    WHERE new_key OR new_network OR odd_hour OR fan_out
),
marked AS
(
    SELECT
        *,
        toUnixTimestamp64Milli(first.1) - toUnixTimestamp64Milli(max(last_ts) OVER before) > {quiet_ms:UInt64} AND count() OVER before > 0 AS begins
    FROM members
    WINDOW before AS (PARTITION BY tenant, app ORDER BY first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, app ORDER BY first ROWS UNBOUNDED PRECEDING) AS number
    FROM marked
),
-- each event of the acts that are left, with what is known of its act
told AS
(
    SELECT
        *,
        (ts, event_id, user_email, network_name, ip_address, country, activity, administrative) AS row,
        if(user_id IN ('', '0', '00000000-0000-0000-0000-000000000000'), '',
            coalesce(nullIf(argMaxIf(user_email, (ts, event_id), user_email != '') OVER (PARTITION BY tenant, app, user_id, day, hour, network), ''), user_id)) AS who
    FROM used
    INNER JOIN numbered USING (tenant, app, user_id, day, hour, network)
),
series AS
(
    SELECT
        tenant, app, number,
        min(first) AS anchor, max(last_ts) AS end_ts,
        arraySort(groupArray(row)) AS all_rows, groupArrayIf(row, new_network) AS network_rows,
        length(all_rows) AS events, countEqual(arrayMap(r -> r.8, all_rows), true) AS administrative_events,
        max(new_key) AS some_new_key, max(new_network) AS some_new_network, max(odd_hour) AS some_odd_hour, max(fan_out) AS some_fan_out, max(excessive) AS some_excess,
        argMaxIf((network_events, usual_events, volume_limit), (network_events / volume_limit, first), excessive) AS volume,
        max(new_network AND row.8) AS network_administers,
        max(new_network AND (new_user OR odd_hour OR row.8)) AS network_and_more,
        min(if(new_network, roaming_days, 31)) AS least_roaming_days,
        argMin(key_days, first) AS key_days_before,
        uniqExactIf(user_id, user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')) AS users, uniqExactIf(user_id, new_user) AS new_users,
        arraySlice(arraySort(groupUniqArrayIf(who, user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'))), 1, 20) AS user_list,
        argMaxIf(usual_users, first, fan_out) AS usual_users_then, argMaxIf(fan_out_limit, first, fan_out) AS limit_then,
        arraySlice(arraySort(arrayDistinct(arrayFilter(n -> n != '', arrayMap(r -> r.4, all_rows)))), 1, 20) AS network_list,
        arraySlice(arraySort(arrayDistinct(arrayMap(r -> r.4, network_rows))), 1, 20) AS new_network_list,
        arraySlice(arraySort(groupUniqArrayIf(hour, odd_hour)), 1, 24) AS odd_hour_list,
        argMinIf(arraySort(pair_hours), first, odd_hour) AS usual_hour_list,
        max(if(odd_hour, length(pair_hours), 0)) AS most_usual_hours,
        argMinIf(who, first, odd_hour) AS odd_user,
        arraySlice(arraySort(arrayDistinct(arrayMap(r -> r.5, all_rows))), 1, 20) AS address_list,
        arraySlice(arraySort(arrayDistinct(arrayMap(r -> r.6, all_rows))), 1, 20) AS country_list,
        arraySlice(arraySort(arrayDistinct(arrayMap(r -> r.7, all_rows))), 1, 20) AS activity_list
    FROM told
    GROUP BY tenant, app, number
),
judged AS
(
    SELECT
        *,
        anchor.1 AS anchor_time,
        toInt32(toDate(anchor_time)) AS anchor_day,
        least_roaming_days >= {familiar_days:UInt32} AS roams,
        arrayFilter(r -> r != '', [if(some_new_key, 'new_key', ''), if(some_fan_out, 'fan_out', ''), if(some_new_network, 'new_network', ''), if(some_excess, 'unusual_volume', ''), if(some_odd_hour, 'unusual_hours', '')]) AS reasons,
        multiIf(users = 0, '', users = 1, user_list[1], concat(toString(users), ' people')) AS whom
    FROM series
),
-- on which days the organisation had events at all: a week of them has to lie before what is judged
experience AS
(
    SELECT tenant, groupUniqArray(toInt32(toDate(ts))) AS known_days
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(33) AND ts <= {to:DateTime64(7, 'UTC')} - toIntervalDay(6)
    GROUP BY tenant
)
SELECT
    judged.tenant AS tenant,
    'integration' AS subject_type,
    app AS subject_id,
    '' AS subject_email,
    '' AS subject_name,
    anchor.2 AS finding_key,
    anchor_time,
    anchor_time AS start_time,
    end_ts AS end_time,
    arrayMap(r -> r.2, arraySlice(all_rows, 1, 100)) AS event_ids,
    toUInt64(events) AS event_count,
    round(greatest(toFloat64(length(reasons)), if(some_fan_out, new_users / limit_then, 0)), 2) AS score,
    multiIf(
        some_fan_out OR (some_new_key AND users >= {fan_out_users:UInt32}), 'high',
        some_excess, 'high',
        some_new_network AND NOT roams, if(network_and_more, 'high', 'medium'),
        some_new_network AND network_administers, 'medium',
        some_new_key AND key_days_before = 0, 'medium',
        'low') AS severity,
    arrayFilter(d -> d <= anchor_day - 7 AND d >= anchor_day - 31, known_days) AS record,
    if(empty(record), 0, anchor_day - arrayMin(record)) AS record_days,
    concat('Application ', app,
        multiIf(
            some_fan_out, concat(' acted for ', toString(new_users), ' people for whom it never did before'),
            some_new_key, concat(if(key_days_before = 0, concat(' was used for the first time', multiIf(record_days = 0, ', with less than a week on record', record_days >= 31, ' in 31 days', concat(' in the ', toString(record_days), ' days on record'))), ' is hardly known and was used'), if(whom = '', '', concat(', for ', whom))),
            some_new_network, concat(' acted from ', multiIf(match(new_network_list[1], '^[0-9.]+$'), concat('the network ', new_network_list[1], '/24'), match(new_network_list[1], '^[0-9a-f:]+::$'), concat('the network ', new_network_list[1], '/48'), new_network_list[1]), if(length(new_network_list) > 1, concat(' and ', toString(length(new_network_list) - 1), if(length(new_network_list) = 2, ' more network', ' more networks')), ''),
                ', where it hardly ever came from before', if(whom = '', '', concat(', for ', whom)),
                if(some_excess, concat(', and did ', toString(volume.1), ' things there in a day for one person, where ', toString(round(volume.2, 1)), ' are usual'), '')),
            concat(' acted for ', odd_user, ' at ', leftPad(toString(odd_hour_list[1]), 2, '0'), ':00 UTC, an hour at which it never does'))) AS title,
    toJSONString(CAST((
            reasons, users, new_users, user_list, usual_users_then, limit_then, network_list, new_network_list, address_list, country_list, activity_list,
            odd_hour_list, if(some_odd_hour, usual_hour_list, []), key_days_before, if(some_new_network, least_roaming_days, 0), administrative_events,
            round({window_ms:UInt64} / 3.6e6, 1), {familiar_days:UInt32}, volume.1, volume.2, volume.3,
            multiIf(
                some_fan_out, 'So many people at once, for whom it never acted, is what a stolen key does.',
                some_new_key AND users >= {fan_out_users:UInt32}, 'A key that nobody knows acts for many people.',
                some_excess, 'From a network that is new for the key it did far more than it usually does for that person.',
                some_new_network AND NOT roams, if(network_and_more, 'The network is new for a key that has its places, and so is the person or the hour, or it administered.', 'The network is new for a key that has its places.'),
                some_new_network AND network_administers, 'It administered from a network that is new for the key.',
                some_new_key AND key_days_before = 0, 'The key is new.',
                some_new_key, 'The key is hardly known yet.',
                some_new_network, 'The network is new, but the key comes from new ones all the time.',
                'The hour alone is unusual.')
        ),
        'Tuple(reasons Array(String), users UInt64, newUsers UInt64, userList Array(String), usualNewUsersADay Float64, fanOutLimit Float64, networks Array(String), newNetworks Array(String),
            ipAddresses Array(String), countries Array(String), activities Array(String), unusualHours Array(Int32), usualHours Array(Int32), keyActiveDays UInt64,
            daysWithNewNetworks UInt64, administrativeEvents UInt64, windowHours Float64, familiarDays UInt32, eventsInADay UInt64, usualEventsADay Float64, eventsLimit Float64, severityReason String)')) AS evidence,
    arrayFilter(r -> r != '', [
        if(notEmpty(record), '', 'learning'),
        if(reasons = ['new_network'] AND roams AND NOT network_administers, 'many_networks', ''),
        if(reasons = ['unusual_hours'] AND most_usual_hours > {regular_hours:UInt32}, 'hours_alone', '')]) AS suppressed_by
FROM judged
LEFT JOIN experience ON experience.tenant = judged.tenant
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
