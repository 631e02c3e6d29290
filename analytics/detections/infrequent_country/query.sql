-- One row per stay of a user in a country that is infrequent for the user. Everything is judged by whole days: what
-- happened on the day of an event is no baseline for it, neither the user's nor anybody's.
WITH
-- what each user did first in each country on each day
days AS
(
    SELECT
        tenant, user_id, country, toDate(ts) AS day,
        min((ts, event_id, ip_address, browser, os, asn)) AS first
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
-- a day is infrequent when the user had too few earlier days in the country, or the last was too long ago
countries AS
(
    SELECT
        tenant, user_id, country, here, here_days,
        arrayFilter(d -> arrayCount(b -> b < d AND b >= d - 90, here_days) < {familiar_days:UInt32} OR NOT arrayExists(b -> b < d AND b >= d - {recent_days:UInt32}, here_days), here_days) AS infrequent
    FROM
    (
        SELECT tenant, user_id, country, arraySort(groupArray((day, first))) AS here, arraySort(groupArray(day)) AS here_days
        FROM days
        GROUP BY tenant, user_id, country
    )
),
-- a stay begins on an infrequent day without another in the three days before
stays AS
(
    SELECT
        tenant, user_id, stay_country, first_day, first, last_day, stay_days, own_days, last_there, learning,
        -- the country of most days; of equals the first by name
        (arraySort(arrayMap(c -> (-toInt64(countEqual(earlier, c)), c), arrayDistinct(earlier)))[1]).2 AS home
    FROM
    (
        SELECT
            tenant, user_id, stay_country, first_day, first, last_day,
            arrayFilter(d -> d >= first_day AND d <= last_day, infrequent) AS stay_days,
            length(own) AS own_days, arrayMax(own) AS last_there,
            arrayMap(b -> b.2, arrayFilter(b -> b.1 < first_day AND b.1 >= first_day - 90, been)) AS earlier,
            NOT arrayExists(b -> b.1 <= first_day - 7 AND b.1 >= first_day - 97, been) AS learning
        FROM
        (
            SELECT
                tenant, user_id, been, begin.1 AS stay_country, begin.2 AS first_day, begin.3 AS first, begin.5 AS infrequent,
                -- the days of the stay: up to the first gap of more than three days
                arrayMin(arrayFilter(d -> d >= begin.2 AND NOT arrayExists(b -> b > d AND b <= d + 3, begin.5), begin.5)) AS last_day,
                arrayFilter(d -> d < begin.2 AND d >= begin.2 - 90, begin.4) AS own
            FROM
            (
                SELECT
                    tenant, user_id,
                    arrayFlatten(groupArray(arrayMap(d -> (d, toString(country)), here_days))) AS been,
                    arrayFlatten(groupArray(arrayMap(h -> (country, h.1, h.2, here_days, infrequent),
                        arrayFilter(h -> has(infrequent, h.1) AND NOT arrayExists(b -> b < h.1 AND b >= h.1 - 3, infrequent), here)))) AS begins
                FROM countries
                GROUP BY tenant, user_id
            )
            ARRAY JOIN begins AS begin
            WHERE begin.3.1 >= {from:DateTime64(7, 'UTC')} AND begin.3.1 <= {to:DateTime64(7, 'UTC')}
        )
    )
),
-- the user's own events around each stay
visits AS
(
    SELECT
        tenant, user_id, stay_country, first_day,
        any(first) AS anchor, any(own) AS own_days, any(last) AS last_there, any(lives) AS home, any(new) AS learning,
        groupArrayIf(at, inside) AS members,
        argMaxIf(person, at, inside) AS whose,
        argMinIf(scene, at, inside) AS spot,
        argMaxIf((scene, at.1), at, elsewhere) AS before,
        uniqExactIf(day, earlier AND same_address) AS address_days,
        uniqExactIf(day, earlier AND same_device) AS device_days,
        uniqExactIf(day, earlier AND same_network) AS network_days
    FROM
    (
        SELECT
            s.tenant AS tenant, s.user_id AS user_id, s.stay_country AS stay_country, s.first_day AS first_day, s.first AS first,
            s.own_days AS own, s.last_there AS last, s.home AS lives, s.learning AS new,
            (e.ts, e.event_id) AS at, toDate(e.ts) AS day, (e.user_email, e.user_name) AS person, e.spot AS scene,
            e.country = s.stay_country AS there,
            there AND has(s.stay_days, day) AS inside,
            NOT there AND at < (s.first.1, s.first.2) AS elsewhere,
            day < s.first_day AS earlier,
            e.ip_address != '' AND e.ip_address = s.first.3 AS same_address,
            e.browser != '' AND e.browser = s.first.4 AND e.os = s.first.5 AS same_device,
            e.asn != 0 AND e.asn = s.first.6 AS same_network
        FROM
        (
            SELECT
                tenant, user_id, user_email, user_name, event_id, ts, country, ip_address, browser, os, asn,
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
        ) AS e
        INNER JOIN stays AS s ON s.tenant = e.tenant AND s.user_id = e.user_id
        WHERE toDate(e.ts) >= s.first_day - 90 AND toDate(e.ts) <= s.last_day
    )
    GROUP BY tenant, user_id, stay_country, first_day
),
-- what is to be known of the company for each stay; the empty country stands for any
asked AS
(
    SELECT tenant, user_id, stay_country, first_day, first.3 AS address, arrayJoin([toString(stay_country), '']) AS key
    FROM stays
),
-- where everybody was on which day, and as one row of nobody on which days the company was active
others AS
(
    SELECT
        tenant, user_id,
        arrayFlatten(groupArray(arrayMap(d -> (d, toString(country)), on_days))) AS been,
        groupArray((toString(country), on_days, at)) AS lists
    FROM
    (
        SELECT tenant, user_id, country, groupUniqArray(toDate(ts)) AS on_days, groupUniqArrayIf((toDate(ts), ip_address), user_id != '') AS at
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
            AND ts <= {to:DateTime64(7, 'UTC')}
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
            AND place_kind = 'user' AND country != '' AND integration_key = ''
            AND activity NOT IN ('failed_logon', 'docusign_alert')
        GROUP BY GROUPING SETS ((tenant, user_id, country), (tenant))
    )
    GROUP BY tenant, user_id
),
-- of each other user: whether a regular there, where at home, whether a regular at the address
judged AS
(
    SELECT
        a.tenant AS tenant, a.user_id AS user_id, a.stay_country AS stay_country, a.first_day AS first_day, a.address AS address, a.key = '' AS whole, o.user_id = a.user_id AS own,
        arrayCount(d -> d < a.first_day AND d >= a.first_day - 90, o.list.2) AS days_there,
        arrayCount(d -> d.1 < a.first_day AND d.1 >= a.first_day - 90 AND d.2 = a.address AND d.2 != '', o.list.3) AS days_at,
        arrayExists(d -> d <= a.first_day - 7 AND d >= a.first_day - 97, o.list.2) AS a_week_before,
        arrayMap(b -> b.2, arrayFilter(b -> b.1 < a.first_day AND b.1 >= a.first_day - 90, o.been)) AS earlier,
        if(days_there >= {familiar_days:UInt32} AND NOT whole, [(arraySort(arrayMap(c -> (-toInt64(countEqual(earlier, c)), c), arrayDistinct(earlier)))[1]).2], []) AS home
    FROM (SELECT tenant, user_id, if(list.1 = '', [], been) AS been, list FROM others ARRAY JOIN lists AS list) AS o
    INNER JOIN asked AS a ON a.tenant = o.tenant AND a.key = o.list.1
),
company AS
(
    SELECT
        tenant, user_id, stay_country, first_day,
        toInt64(countIf(days_there > 0 AND NOT whole AND NOT own)) AS visitors,
        toInt64(countIf(days_there >= {familiar_days:UInt32} AND NOT whole AND NOT own)) AS regulars,
        toInt64(countIf(days_at >= {familiar_days:UInt32} AND NOT whole AND NOT own)) AS address_regulars,
        groupArrayArrayIf(home, NOT own) AS homes,
        countIf(whole AND a_week_before) > 0 AS grown
    FROM judged
    GROUP BY tenant, user_id, stay_country, first_day
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
            tenant, user_id, stay_country, first_day, anchor, own_days, last_there, home, learning, spot, before, address_days, device_days, network_days, own_regular, came, hours, grown,
            arraySort(members) AS sorted, whose.1 AS user_email, whose.2 AS user_name,
            visitors AS tenant_users,
            regulars AS tenant_regulars,
            if(home = '', regulars, toInt64(countEqual(homes, home))) AS peer_regulars,
            address_regulars AS shared_by,
            if(came, greatest(0, geoDistance(before.1.longitude, before.1.latitude, spot.longitude, spot.latitude) / 1000 - before.1.accuracyKm - spot.accuracyKm), 0) AS distance_km,
            distance_km / {speed_kmh:Float64} + {overhead_hours:Float64} AS needed_hours
        FROM
        (
            SELECT
                v.tenant AS tenant, v.user_id AS user_id, v.stay_country AS stay_country, v.first_day AS first_day, v.anchor AS anchor, v.own_days AS own_days, v.last_there AS last_there,
                v.home AS home, v.learning AS learning, v.members AS members, v.whose AS whose, v.spot AS spot, v.before AS before,
                v.address_days AS address_days, v.device_days AS device_days, v.network_days AS network_days,
                v.own_days >= {familiar_days:UInt32} AS own_regular,
                v.before.1.eventId != '' AS came,
                if(came, (toUnixTimestamp64Micro(v.anchor.1) - toUnixTimestamp64Micro(v.before.2)) / 3.6e9, -1) AS hours,
                c.visitors AS visitors, c.regulars AS regulars, c.address_regulars AS address_regulars, c.homes AS homes, c.grown AS grown
            FROM visits AS v
            LEFT JOIN company AS c ON c.tenant = v.tenant AND c.user_id = v.user_id AND c.stay_country = v.stay_country AND c.first_day = v.first_day
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
        ' was active in ', if(spot.city != '', concat(initcapUTF8(spot.city), ', '), ''), if(spot.countryName != '', spot.countryName, toString(stay_country)),
        multiIf(own_days = 0, ' for the first time in 90 days', own_regular, concat(' again after ', toString(first_day - last_there), ' days'),
            concat(', where the user had been on ', toString(own_days), if(own_days = 1, ' day', ' days'), ' of the last 90')),
        multiIf(tenant_users = 0, '; nobody else of the company was there', tenant_regulars = 0, '; nobody else of the company is there regularly',
            peer_regulars = 0, '; nobody with the same home country is there regularly',
            concat('; ', toString(peer_regulars), if(peer_regulars = 1, ' other with the same home country is', ' others with the same home country are'), ' there regularly')),
        if(explained, '', concat('; ', multiIf(hours < 2 / 60, 'a minute', hours < 1.5, concat(toString(round(hours * 60)), ' minutes'), concat(toString(round(hours, 1)), ' hours')), ' earlier the user was in ',
            multiIf(before.1.city != '', initcapUTF8(before.1.city), before.1.countryName != '', before.1.countryName, before.1.country)))) AS title,
    toJSONString(CAST((
            spot, if(came, [before.1], []), own_days = 0, if(own_days = 0, -1, first_day - last_there), own_days, home, peer_regulars = 0, peer_regulars, tenant_users = 0, tenant_users, tenant_regulars,
            learning, round(distance_km, 1), round(hours, 2), round(needed_hours, 2), explained, address_days, network_days, device_days, shared_by, {familiar_days:UInt32}, {recent_days:UInt32},
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
