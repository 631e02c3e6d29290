-- One row per stretch of activity of a user on a network and a device family that are both new for him, when something
-- that an attacker wants was done in it. Familiar is what was used on three separate earlier days; a user without that
-- many days is not judged. Distance plays no part, so an exit in the user's own city hides nothing.
WITH
visits AS
(
    SELECT
        tenant, user_id, toDate(ts) AS day,
        -- neighbouring addresses and releases are one network and one device
        multiIf(asn != 0, concat('AS', toString(asn)), startsWith(toString(ip), '::ffff:'), replaceOne(toString(IPv6CIDRToRange(ip, 120).1), '::ffff:', ''), toString(IPv6CIDRToRange(ip, 64).1)) AS network,
        -- a script that uses a cookie may well send no agent
        if(browser = '', 'something without a user agent', concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', ''))) AS device,
        groupArrayIf((ts, event_id, activity, administrative, ip_address, as_organization, user_email, user_name, country, city, envelope_id),
            ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(30)) AS acts
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(33)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(30)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
        -- a program by an integration key has no device, and DocuSign's servers are not where the user is
        AND integration_key = '' AND NOT (browser = '' AND lower(channel) = 'api') AND ip_address != '' AND place_kind != 'server'
    GROUP BY tenant, user_id, day, network, device
),
-- whether a day is the first row of its kind, so that running sums count days
days AS
(
    SELECT
        *,
        lagInFrame(day) OVER (PARTITION BY tenant, user_id, network ORDER BY day, device ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) != day AS network_day,
        lagInFrame(day) OVER (PARTITION BY tenant, user_id, device ORDER BY day, network ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) != day AS device_day,
        lagInFrame(day) OVER (PARTITION BY tenant, user_id ORDER BY day, network, device ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) != day AS user_day
    FROM visits
),
known AS
(
    SELECT
        tenant, user_id, network, device, acts,
        toInt64(sum(network_day) OVER network_before) - toInt64(sum(network_day) OVER network_old) AS network_days,
        toInt64(sum(device_day) OVER device_before) - toInt64(sum(device_day) OVER device_old) AS device_days,
        toInt64(sum(user_day) OVER user_before) - toInt64(sum(user_day) OVER user_old) AS user_days
    FROM days
    WINDOW network_before AS (PARTITION BY tenant, user_id, network ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        network_old AS (PARTITION BY tenant, user_id, network ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 31 PRECEDING),
        device_before AS (PARTITION BY tenant, user_id, device ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        device_old AS (PARTITION BY tenant, user_id, device ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 31 PRECEDING),
        user_before AS (PARTITION BY tenant, user_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        user_old AS (PARTITION BY tenant, user_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 31 PRECEDING)
),
acted AS
(
    SELECT
        tenant, user_id, network, device, network_days, device_days, user_days, act,
        act.1 AS ts, act.2 AS event_id, toUnixTimestamp64Milli(act.1) AS at,
        network_days < {familiar_days:UInt32} AND device_days < {familiar_days:UInt32} AND user_days >= {history_days:UInt32} AS strange
    FROM known
    ARRAY JOIN acts AS act
),
-- the user's own activity just before and after
beside AS
(
    SELECT
        *,
        maxIf((at, network, device, act.5, act.6), NOT strange) OVER (PARTITION BY tenant, user_id ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS own_before,
        minIf((at, network, device, act.5, act.6), NOT strange) OVER (PARTITION BY tenant, user_id ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS own_after
    FROM acted
),
marked AS
(
    SELECT
        *,
        at - lagInFrame(at) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > intDiv({quiet_us:UInt64}, 1000) AS begins,
        own_before.1 != 0 AND own_after.1 != 0 AND own_before.2 != network AND own_before.3 != device AND own_after.2 != network AND own_after.3 != device
            AND at - own_before.1 <= intDiv({interleaved_us:UInt64}, 1000) AND own_after.1 - at <= intDiv({interleaved_us:UInt64}, 1000) AS interleaved
    FROM beside
    WHERE strange
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS number
    FROM marked
),
sessions AS
(
    SELECT
        tenant, user_id, number,
        argMax((act.7, act.8), (ts, event_id)) AS person,
        argMin((network_days, device_days, user_days, network, device, act.5, act.6, act.9, act.10), (ts, event_id)) AS first,
        min(ts) AS first_ts, max(ts) AS last_ts, max(at) - min(at) AS length_ms,
        arraySort(groupArray((ts, event_id))) AS all_events,
        countIf(act.3 = 'download') AS downloads,
        countIf(act.3 = 'export') AS exports,
        countIf(act.3 = 'send') AS sends,
        countIf(act.4) AS administrations,
        countIf(act.3 = 'sign') AS signatures,
        countIf(interleaved) AS interleavings,
        argMinIf((own_before.2, own_before.3, own_before.4, own_before.5), (ts, event_id), interleaved) AS own,
        arraySlice(arraySort(groupUniqArray(act.5)), 1, 20) AS address_list,
        arraySlice(arraySort(groupUniqArray(device)), 1, 20) AS device_list,
        arraySlice(arraySort(groupUniqArrayIf(act.3, act.4)), 1, 20) AS administration_list
    FROM numbered
    GROUP BY tenant, user_id, number
),
judged AS
(
    SELECT
        *,
        greatest(downloads / {min_downloads:UInt32}, sends / {min_sends:UInt32}, toFloat64(exports), toFloat64(administrations)) AS impact,
        arrayFilter(t -> t != '', [
            if(downloads = 0, '', concat(toString(downloads), if(downloads = 1, ' download', ' downloads'))),
            if(sends = 0, '', concat(toString(sends), if(sends = 1, ' envelope sent', ' envelopes sent'))),
            if(exports = 0, '', concat(toString(exports), if(exports = 1, ' export', ' exports'))),
            if(administrations = 0, '', concat(toString(administrations), if(administrations = 1, ' administrative act', ' administrative acts'))),
            if(signatures = 0, '', concat(toString(signatures), if(signatures = 1, ' signature', ' signatures')))]) AS deeds
    FROM sessions
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    person.1 AS subject_email,
    person.2 AS subject_name,
    (all_events[1]).2 AS finding_key,
    first_ts AS anchor_time,
    first_ts AS start_time,
    last_ts AS end_time,
    arraySlice(arrayMap(e -> e.2, all_events), 1, 100) AS event_ids,
    toUInt64(length(all_events)) AS event_count,
    round(impact, 2) AS score,
    if(interleavings > 0 OR administrations + exports > 0, 'high', 'medium') AS severity,
    concat(multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        ' was active from a new network (', arrayStringConcat(arrayFilter(w -> w != '', [first.7, if(first.7 = '', concat('address ', first.6), first.6), if(first.9 != '', concat('in ', initcapUTF8(first.9)), if(match(first.8, '^[A-Z]{2}$'), concat('in ', toString(first.8)), ''))]), ', '), ') with a new device',
        multiIf(first.5 IN ('something without a user agent', 'Other on Other'), ' that does not say what it is', concat(' (', replaceRegexpOne(replaceRegexpOne(first.5, '^Other on ', ''), ' on Other$', ''), ')')),
        if(interleavings > 0, ', while working from the usual ones', ''), ': ', arrayStringConcat(deeds, ', ')) AS title,
    toJSONString(CAST((
            downloads, sends, exports, administrations, signatures, administration_list, interleavings > 0, interleavings, first.4, first.7, first.5, first.8, first.9, address_list, device_list,
            first.1, first.2, first.3, own.1, own.2, own.3, own.4, {familiar_days:UInt32}, round(length_ms / 60000, 1),
            multiIf(interleavings > 0, 'The user was at work from the usual network and device at the same time, so that it was somebody else.',
                administrations + exports > 0, 'The account was administered or exported from a network and a device that are both new.', 'Network and device are both new, and what was done is what a thief wants.')
        ),
        'Tuple(downloads UInt64, envelopesSent UInt64, exports UInt64, administrativeActs UInt64, signatures UInt64, administrativeActivities Array(String), interleaved Bool, interleavedEvents UInt64,
            network String, networkName String, device String, country String, city String, ipAddresses Array(String), devices Array(String),
            networkDays Int64, deviceDays Int64, userDays Int64, ownNetwork String, ownDevice String, ownIpAddress String, ownNetworkName String, familiarDays UInt32, minutes Float64, severityReason String)')) AS evidence,
    CAST([], 'Array(String)') AS suppressed_by
FROM judged
WHERE impact >= 1 AND anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
