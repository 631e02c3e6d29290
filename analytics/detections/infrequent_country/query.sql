-- One row per stay of a user in a country that is infrequent for the user. Everything is judged by whole days: what
-- happened on the day of an event is no baseline for it, neither the user's nor anybody's.
WITH
-- The stays of each user, with where the user was on which days before. A day is infrequent when the user had too few earlier
-- days in the country, or the last was too long ago; a stay begins on an infrequent day without another in the three days
-- before, and ends before the next. By whole lists of days, which are found sooner than windows over them.
begun AS
(
    SELECT
        tenant, user_id, toString(country) AS country, stay_days, stay_days[1] AS first_day,
        arrayFilter(d -> d < first_day AND d >= first_day - 90, days) AS recently,
        toUInt32(length(recently)) AS own_days, arrayMax(arrayPushBack(recently, toDate(0))) AS last_there,
        -- the country of most days; of equals the first by name
        (arraySort(arrayFilter(h -> h.1 < 0, arrayMap((c, there) -> (-toInt64(arrayCount(d -> d < first_day AND d >= first_day - 90, there)), toString(c)), countries, days_there)))[1]).2 AS home,
        -- how far back the user is known, up to 97 days
        first_day - arrayMin(arrayPushBack(arrayFilter(d -> d < first_day AND d >= first_day - 97, arrayFlatten(days_there)), first_day)) AS record_days,
        -- the last day before on which the user was elsewhere
        arrayMax(arrayPushBack(arrayFilter(d -> d < first_day AND d >= first_day - 90, arrayFlatten(arrayFilter((there, c) -> c != country, days_there, countries))), toDate(0))) AS day_elsewhere
    FROM
    (
        SELECT
            tenant, user_id, countries, days_there, country, days,
            arrayFilter((d, earlier, last) -> d - earlier > 90 OR d - last > {recent_days:UInt32},
                days, arrayShiftRight(days, {familiar_days:UInt32}, toDate(0)), arrayShiftRight(days, 1, toDate(0))) AS infrequent,
            arrayJoin(arraySplit((d, before) -> d - before > 3, infrequent, arrayShiftRight(infrequent, 1, toDate(0)))) AS stay_days
        FROM
        (
            SELECT tenant, user_id, groupArray(country) AS countries, groupArray(days) AS days_there
            FROM
            (
                SELECT tenant, user_id, country, arraySort(groupUniqArray(toDate(ts))) AS days
                FROM events
                WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
                    AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(480)
                    AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
                    AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                    AND place_kind = 'user' AND country != '' AND integration_key = ''
                    AND activity NOT IN ('failed_logon', 'docusign_alert')
                    -- a tunnel is in no country; what the operator says of an address wins over every feed
                    AND NOT if(dictHas('ip_intelligence', ip), arrayExists((o, s, c, g, b, e) -> o = tenant AND b <= ts AND ts < e
                            AND (s = 'operator') = arrayExists((p, q, f, u) -> p = tenant AND q = 'operator' AND f <= ts AND ts < u, known.1, known.2, known.5, known.6)
                            AND (c = 'vpn' OR multiSearchAny(g, [',vpn,', ',relay,', ',satellite,', ',anonymous_proxy,', ',tor,'])),
                        known.1, known.2, known.3, known.4, (dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known).5, known.6), false)
                GROUP BY tenant, user_id, country
            )
            GROUP BY tenant, user_id
        )
        ARRAY JOIN countries AS country, days_there AS days
    )
    WHERE first_day >= toDate32({from:DateTime64(7, 'UTC')}) AND first_day <= toDate32({to:DateTime64(7, 'UTC')})
),
-- what each user had on each day
days AS
(
    SELECT
        tenant, user_id, country, toDate(ts) AS day,
        min((ts, event_id, ip_address, browser, os, asn)) AS first, groupUniqArray((ip_address, browser, os, asn)) AS ways
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(480)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
        -- a tunnel is in no country; what the operator says of an address wins over every feed
        AND NOT if(dictHas('ip_intelligence', ip), arrayExists((o, s, c, g, b, e) -> o = tenant AND b <= ts AND ts < e
                AND (s = 'operator') = arrayExists((p, q, f, u) -> p = tenant AND q = 'operator' AND f <= ts AND ts < u, known.1, known.2, known.5, known.6)
                AND (c = 'vpn' OR multiSearchAny(g, [',vpn,', ',relay,', ',satellite,', ',anonymous_proxy,', ',tor,'])),
            known.1, known.2, known.3, known.4, (dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known).5, known.6), false)
    GROUP BY tenant, user_id, country, day
),
-- what each user was used to when a stay began
known AS
(
    SELECT
        b.tenant AS tenant, b.user_id AS user_id, b.country AS stay_country, b.first_day AS first_day,
        minIf(d.first, d.day = b.first_day) AS first, any((b.stay_days, b.own_days, b.last_there, b.home, b.record_days, b.day_elsewhere)) AS stay,
        groupArrayIf((d.day, d.ways), d.day < b.first_day) AS past,
        arrayUniq(arrayMap(p -> p.1, arrayFilter(p -> first.3 != '' AND has(p.2.1, first.3), past))) AS address_days,
        arrayUniq(arrayMap(p -> p.1, arrayFilter(p -> first.4 != '' AND arrayExists(w -> w.2 = first.4 AND w.3 = first.5, p.2), past))) AS device_days,
        arrayUniq(arrayMap(p -> p.1, arrayFilter(p -> first.6 != 0 AND has(p.2.4, first.6), past))) AS network_days
    FROM days AS d
    INNER JOIN begun AS b ON b.tenant = d.tenant AND b.user_id = d.user_id
    WHERE d.day < b.first_day AND d.day >= b.first_day - 90 OR d.day = b.first_day AND d.country = b.country
    GROUP BY tenant, user_id, stay_country, first_day
    HAVING first.1 >= {from:DateTime64(7, 'UTC')} AND first.1 <= {to:DateTime64(7, 'UTC')}
),
-- kept as one value, since the engine computes a subquery wherever it is named
(
    SELECT groupArray((toString(tenant), user_id, stay_country, first_day, (first.1, first.2), first.3, stay.1, stay.2, stay.3, stay.4, stay.5 < 7, address_days, device_days, network_days, stay.6, stay.5))
    FROM known
) AS kept,
stays AS
(
    SELECT
        s.1 AS tenant, s.2 AS user_id, s.3 AS stay_country, s.4 AS first_day, s.5 AS anchor, s.6 AS address, s.7 AS stay_days, s.8 AS own_days, s.9 AS last_there, s.10 AS home, s.11 AS learning,
        s.12 AS address_days, s.13 AS device_days, s.14 AS network_days, s.15 AS day_elsewhere, s.16 AS record_days
    FROM (SELECT arrayJoin(kept) AS s)
),
-- the 90 days before each stay, month by month, so that what is compared is found by equality
before_stays AS
(
    SELECT *, arrayJoin(arrayDistinct(arrayPushBack(arrayMap(d -> toStartOfMonth(first_day - 90 + d), [0, 27, 54, 81]), toStartOfMonth(first_day - 1)))) AS month
    FROM stays
),
-- the user's own events of each stay, and the last before it elsewhere
visits AS
(
    SELECT
        s.tenant AS tenant, s.user_id AS user_id, s.stay_country AS stay_country, s.first_day AS first_day,
        any((s.anchor, s.own_days, s.last_there, s.home, s.learning, s.record_days, s.address_days, s.device_days, s.network_days)) AS stay,
        groupArrayIf(e.at, e.country = s.stay_country AND has(s.stay_days, e.day)) AS members,
        argMaxIf(e.person, e.at, e.country = s.stay_country AND has(s.stay_days, e.day)) AS whose,
        argMinIf(e.spot, e.at, e.country = s.stay_country AND has(s.stay_days, e.day)) AS spot,
        argMaxIf((e.spot, e.at.1), e.at, e.country != s.stay_country AND e.at < s.anchor) AS before
    FROM
    (
        SELECT
            tenant, user_id, country, toDate(ts) AS day, (ts, event_id) AS at, (user_email, user_name) AS person,
            CAST(
                (formatDateTime(ts, '%FT%TZ'), event_id, activity, ip_address, asn, as_organization, country, country_name, city, latitude, longitude, accuracy_km, browser, os, device_type),
                'Tuple(time String, eventId String, activity String, ipAddress String, asn UInt32, network String, country String, countryName String, city String,
                    latitude Float64, longitude Float64, accuracyKm Float64, browser String, os String, deviceType String)') AS spot
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(480)
            AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
            AND place_kind = 'user' AND country != '' AND integration_key = ''
            AND activity NOT IN ('failed_logon', 'docusign_alert')
            -- a tunnel is in no country; what the operator says of an address wins over every feed
            AND NOT if(dictHas('ip_intelligence', ip), arrayExists((o, s, c, g, b, e) -> o = tenant AND b <= ts AND ts < e
                    AND (s = 'operator') = arrayExists((p, q, f, u) -> p = tenant AND q = 'operator' AND f <= ts AND ts < u, known.1, known.2, known.5, known.6)
                    AND (c = 'vpn' OR multiSearchAny(g, [',vpn,', ',relay,', ',satellite,', ',anonymous_proxy,', ',tor,'])),
                known.1, known.2, known.3, known.4, (dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known).5, known.6), false)
            AND cityHash64(user_id, toRelativeDayNum(ts)) IN (SELECT cityHash64(user_id, toRelativeDayNum(arrayJoin(arrayPushBack(stay_days, day_elsewhere)))) FROM stays)
    ) AS e
    -- by the day, too: a user may have many stays
    INNER JOIN (SELECT *, arrayJoin(arrayPushBack(stay_days, day_elsewhere)) AS visit_day FROM stays) AS s ON s.tenant = e.tenant AND s.user_id = e.user_id AND s.visit_day = e.day
    GROUP BY tenant, user_id, stay_country, first_day
),
-- where everybody was on which days, of the countries of the stays
there AS
(
    SELECT tenant, user_id, country, groupUniqArray(toDate(ts)) AS days
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
        AND ts <= {to:DateTime64(7, 'UTC')}
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
        AND (country, toStartOfMonth(ts)) IN (SELECT stay_country, month FROM before_stays)
    GROUP BY tenant, user_id, country
),
-- of each country and day on which stays begin there: who was there before, and on how many days. The users of the stays are
-- among them, and are taken out at the end, so that this is done once for all who come on that day; kept as one value, as the
-- stays are
(
    SELECT groupArray((tenant, stay_country, first_day, visitors))
    FROM
    (
        SELECT s.tenant AS tenant, s.stay_country AS stay_country, s.first_day AS first_day, groupArray((t.user_id, toUInt32(arrayCount(d -> d < s.first_day AND d >= s.first_day - 90, t.days)) AS often)) AS visitors
        FROM there AS t
        INNER JOIN (SELECT DISTINCT tenant, stay_country, first_day FROM stays) AS s ON s.tenant = t.tenant AND s.stay_country = t.country
        WHERE often > 0
        GROUP BY tenant, stay_country, first_day
    )
) AS together,
met AS
(
    SELECT tenant, stay_country, first_day, visitor.1 AS other, visitor.2 AS often
    FROM (SELECT m.1 AS tenant, m.2 AS stay_country, m.3 AS first_day, arrayJoin(m.4) AS visitor FROM (SELECT arrayJoin(together) AS m))
),
regulars AS
(
    SELECT DISTINCT tenant, other, first_day FROM met WHERE often >= {familiar_days:UInt32}
),
-- where the regulars were at home then: the country of most days, of equals the first by name
homes AS
(
    SELECT tenant, other, first_day, min(sojourn).2 AS home
    FROM
    (
        -- by whole lists of days, since a regular is one of many stays
        SELECT
            r.tenant AS tenant, r.other AS other, r.first_day AS first_day,
            (-toInt64(arrayCount(d -> d < r.first_day AND d >= r.first_day - 90, w.days)), toString(w.country)) AS sojourn
        FROM
        (
            SELECT tenant, user_id, country, groupUniqArray(toDate(ts)) AS days
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
                AND ts <= {to:DateTime64(7, 'UTC')}
                AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND place_kind = 'user' AND country != '' AND integration_key = ''
                AND activity NOT IN ('failed_logon', 'docusign_alert')
                AND user_id IN (SELECT other FROM regulars)
            GROUP BY tenant, user_id, country
        ) AS w
        INNER JOIN regulars AS r ON r.tenant = w.tenant AND r.other = w.user_id
    )
    WHERE sojourn.1 < 0
    GROUP BY tenant, other, first_day
),
-- how many were there and how many of them regularly, where these were at home, and what of it are the users of the stays
company AS
(
    SELECT
        m.tenant AS tenant, m.stay_country AS stay_country, m.first_day AS first_day,
        toInt64(count()) AS visitors, toInt64(countIf(often >= {familiar_days:UInt32})) AS regulars,
        sumMapIf([h.home], [toInt64(1)], often >= {familiar_days:UInt32}) AS homes,
        groupArrayIf((m.other, often >= {familiar_days:UInt32}, h.home), (m.other, m.stay_country, m.first_day) IN (SELECT user_id, stay_country, first_day FROM stays)) AS own
    FROM met AS m
    LEFT JOIN homes AS h ON h.tenant = m.tenant AND h.other = m.other AND h.first_day = m.first_day
    GROUP BY tenant, stay_country, first_day
),
-- of each stay: how many others are in the country at its address regularly
sharing AS
(
    SELECT s.tenant AS tenant, s.user_id AS user_id, s.stay_country AS stay_country, s.first_day AS first_day, toInt64(count()) AS address_regulars
    FROM
    (
        SELECT tenant, user_id, country, ip_address, groupUniqArray(toDate(ts)) AS days
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
            AND ts <= {to:DateTime64(7, 'UTC')}
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
            AND place_kind = 'user' AND country != '' AND integration_key = ''
            AND activity NOT IN ('failed_logon', 'docusign_alert')
            AND ip_address IN (SELECT address FROM stays WHERE address != '')
        GROUP BY tenant, user_id, country, ip_address
        HAVING length(days) >= {familiar_days:UInt32}
    ) AS t
    INNER JOIN stays AS s ON s.tenant = t.tenant AND s.stay_country = t.country AND s.address = t.ip_address
    WHERE t.user_id != s.user_id AND arrayCount(d -> d < s.first_day AND d >= s.first_day - 90, t.days) >= {familiar_days:UInt32}
    GROUP BY tenant, user_id, stay_country, first_day
),
-- on which days the company was active; asked only for stays with which a user begins
active AS
(
    SELECT tenant, groupUniqArray(toDate(ts)) AS days
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
        AND ts <= {to:DateTime64(7, 'UTC')}
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
        AND arrayExists(s -> s.11, kept)
    GROUP BY tenant
),
facts AS
(
    SELECT
        *,
        NOT came OR hours >= needed_hours AS explained,
        device_days >= {familiar_days:UInt32} AS usual_device,
        network_days >= {familiar_days:UInt32} AS usual_network,
        multiIf(tenant_regulars = 0, 2, peer_regulars = 0, 1, 0) AS rarity,
        -- the usual device after a gap that leaves time for the journey is most likely the user
        rarity - if(explained, if(came, if(usual_device, rarity > 0, 0), 0), -1) - own_regular AS level,
        multiIf(user_email != '', user_email, user_name != '', user_name, concat('User ', user_id)) AS who
    FROM
    (
        SELECT
            tenant, user_id, stay_country, first_day, anchor, own_days, last_there, home, learning, record_days, spot, before, address_days, device_days, network_days, own_regular, came, hours, grown,
            arraySort(members) AS sorted, whose.1 AS user_email, whose.2 AS user_name,
            visitors AS tenant_users,
            regulars AS tenant_regulars,
            if(home = '', regulars, compatriots) AS peer_regulars,
            address_regulars AS shared_by,
            if(came, greatest(0, geoDistance(before.1.longitude, before.1.latitude, spot.longitude, spot.latitude) / 1000 - before.1.accuracyKm - spot.accuracyKm), 0) AS distance_km,
            distance_km / {speed_kmh:Float64} + {overhead_hours:Float64} AS needed_hours
        FROM
        (
            SELECT
                v.tenant AS tenant, v.user_id AS user_id, v.stay_country AS stay_country, v.first_day AS first_day, v.stay.1 AS anchor, v.stay.2 AS own_days, v.stay.3 AS last_there,
                v.stay.4 AS home, v.stay.5 AS learning, v.stay.6 AS record_days, v.members AS members, v.whose AS whose, v.spot AS spot, v.before AS before,
                v.stay.7 AS address_days, v.stay.8 AS device_days, v.stay.9 AS network_days,
                own_days >= {familiar_days:UInt32} AS own_regular,
                v.before.1.eventId != '' AS came,
                if(came, (toUnixTimestamp64Micro(anchor.1) - toUnixTimestamp64Micro(v.before.2)) / 3.6e9, -1) AS hours,
                arrayFilter(o -> o.1 = v.user_id, c.own) AS own,
                c.visitors - length(own) AS visitors, c.regulars - countEqual(own.2, true) AS regulars, n.address_regulars AS address_regulars,
                toInt64(arraySum((h, n) -> if(h = v.stay.4, n, 0), c.homes.1, c.homes.2)) - arrayCount(o -> o.2 AND o.3 = v.stay.4, own) AS compatriots,
                arrayExists(d -> d <= v.first_day - 7 AND d >= v.first_day - 97, a.days) AS grown
            FROM visits AS v
            LEFT JOIN company AS c ON c.tenant = v.tenant AND c.stay_country = v.stay_country AND c.first_day = v.first_day
            LEFT JOIN sharing AS n ON n.tenant = v.tenant AND n.user_id = v.user_id AND n.stay_country = v.stay_country AND n.first_day = v.first_day
            LEFT JOIN active AS a ON a.tenant = v.tenant
        )
    )
    -- where a new user begins is no news when others are there, or when nothing is known of the others
    WHERE NOT (learning AND NOT came AND (tenant_regulars > 0 OR NOT grown))
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    user_email AS subject_email,
    user_name AS subject_name,
    anchor.2 AS finding_key,
    anchor.1 AS anchor_time,
    anchor.1 AS start_time,
    sorted[-1].1 AS end_time,
    arrayMap(m -> m.2, arraySlice(sorted, 1, 100)) AS event_ids,
    toUInt64(length(sorted)) AS event_count,
    -- a new device outweighs whoever else goes there, and so does a journey that nobody makes
    round(1 + rarity - own_regular + if(usual_device, 0, 4) + if(usual_network, 0, 1) + if(explained, 0, 3) + 1 / (1 + own_days), 2) AS score,
    multiIf(level >= 3, 'high', level = 2, 'medium', level >= 0, 'low', 'informational') AS severity,
    concat(
        who,
        ' was active in ', if(spot.city != '' AND lowerUTF8(spot.city) != lowerUTF8(spot.countryName), concat(initcapUTF8(spot.city), ', '), ''), if(spot.countryName != '', spot.countryName, toString(stay_country)),
        multiIf(own_days = 0 AND record_days = 0, ', on the first day on which the user was seen', own_days = 0 AND record_days >= 90, ' for the first time in 90 days',
            own_days = 0, concat(' for the first time in the ', toString(record_days), if(record_days = 1, ' day', ' days'), ' on record'), own_regular, concat(' again after ', toString(first_day - last_there), ' days'),
            concat(', where the user had been on ', toString(own_days), if(own_days = 1, ' day', ' days'), ' of the last ', toString(least(90, record_days)))),
        multiIf(tenant_users = 0, '; nobody else of the company was there', tenant_regulars = 0, '; nobody else of the company is there regularly',
            peer_regulars = 0, '; nobody with the same home country is there regularly',
            concat('; ', toString(peer_regulars), if(peer_regulars = 1, ' other with the same home country is', ' others with the same home country are'), ' there regularly')),
        if(explained, '', concat('; ', multiIf(hours < 2 / 60, 'a minute', hours < 1.5, concat(toString(round(hours * 60)), ' minutes'), concat(toString(round(hours, 1)), ' hours')), ' earlier the user was in ',
            multiIf(before.1.city != '', initcapUTF8(before.1.city), before.1.countryName != '', before.1.countryName, before.1.country)))) AS title,
    toJSONString(CAST((
            spot, if(came, [before.1], []), own_days = 0, if(own_days = 0, -1, first_day - last_there), own_days, home, peer_regulars = 0, peer_regulars, tenant_users = 0, tenant_users, tenant_regulars,
            learning, round(distance_km), round(hours, 2), round(needed_hours, 2), explained, address_days, network_days, device_days, shared_by, {familiar_days:UInt32}, {recent_days:UInt32},
            concat(multiIf(tenant_regulars = 0, 'Nobody else of the company is there regularly', peer_regulars = 0, 'Nobody with the same home country is there regularly', 'Others with the same home country are there regularly'),
                if(own_regular, '; the user was a regular there before', ''), multiIf(NOT came, '.', explained, if(usual_device, '; the gap leaves time for the journey, and the device is the usual one.', '; the gap leaves time for the journey.'), '; the gap leaves no time for the journey.'))
        ),
        'Tuple(at Tuple(time String, eventId String, activity String, ipAddress String, asn UInt32, network String, country String, countryName String, city String,
                latitude Float64, longitude Float64, accuracyKm Float64, browser String, os String, deviceType String),
            before Array(Tuple(time String, eventId String, activity String, ipAddress String, asn UInt32, network String, country String, countryName String, city String,
                latitude Float64, longitude Float64, accuracyKm Float64, browser String, os String, deviceType String)),
            firstForUser Bool, daysSinceLastThere Int32, userDaysThere UInt32, homeCountry String, firstAmongPeers Bool, peersThere Int32, firstInTenant Bool, tenantUsersThere Int32, tenantRegularsThere Int32,
            newUser Bool, distanceKm Float64, hoursSinceElsewhere Float64, journeyHours Float64, journeyPossible Bool, addressKnownDays UInt32, networkKnownDays UInt32, deviceKnownDays UInt32,
            addressSharedBy Int32, familiarDays UInt32, recentDays UInt32, severityReason String)')) AS evidence,
    arrayFilter(r -> r != '', [
        if(learning AND (tenant_regulars > 0 OR NOT grown), 'learning', ''),
        if(address_days >= {familiar_days:UInt32}, 'familiar_address', ''),
        if(shared_by >= {common_users:UInt32}, 'shared_address', ''),
        if(own_days > 0 AND NOT came, 'only_country', ''),
        if(usual_network AND usual_device, 'familiar_network', ''),
        if(tenant_regulars >= {common_users:UInt32} AND explained AND came AND usual_device, 'common_destination', '')]) AS suppressed_by
FROM facts
