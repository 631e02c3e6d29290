-- One row per series of steps that a person cannot have travelled, and one per user, reason and day of those that something
-- harmless explains. A step joins two located activities of a user; it counts when the distance, less the accuracy of both
-- places, needs more time than there was. An activity is compared with the last one of each kind of end (computer, phone,
-- office that the operator named, rented machine, tunnel), so that no kind hides what another shows: a machine or a tunnel is
-- never "the last place".
WITH
acts AS
(
    SELECT
        tenant, user_id, kind,
        -- one short type: a tuple with twenty names makes each level of the query dearer to plan
        (ts, event_id,
            -- 1 latitude, 2 longitude, 3 accuracy, 4 autonomous system, 5 whether IPv4, 6 whether an attacker's by its tags
            [latitude, longitude, accuracy_km, asn, four, hasAny(tags, ['tor', 'botnet', 'malware_cc', 'password_spray', 'darknet_scanning'])],
            -- 1 kind of end, 2 country, 3 address or /64, 4 network, 5 device family, 6 device, 7 name, 8 e-mail; for people 9 activity, 10 address,
            -- 11 organisation, 12 country, 13 region, 14 city, 15 browser, 16 system, 17 kind of device, 18 tags
            CAST([kind, country, if(four, ip_address, toString(IPv6CIDRToRange(ip, 64).1)),
                multiIf(as_organization != '', as_organization, asn != 0, concat('AS', toString(asn)), replaceOne(toString(IPv6CIDRToRange(ip, if(four, 120, 48)).1), '::ffff:', '')),
                if(browser = '', '', concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', ''))),
                if(browser = '', '', concat(browser, ' on ', os)),
                user_name, user_email, activity, ip_address, as_organization, country_name, region, city, browser, os, device_type,
                arrayStringConcat(arraySort(arrayDistinct(arrayFilter(t -> t != '', tags))), ',')], 'Array(String)')) AS place
    FROM
    (
        SELECT
            * EXCEPT counted,
            counted.1 AS categories,
            arrayFlatten(arrayMap(c -> splitByChar(',', c.2), counted)) AS tags,
            multiIf(
                hasAny(tags, ['vpn', 'relay', 'satellite', 'anonymous_proxy', 'tor']) OR has(categories, 'vpn'), 'tunnel',
                named AND hasAny(categories, ['corporate', 'administrative']), 'corporate',
                hasAny(tags, ['hosting', 'security_proxy', 'zscaler']) OR has(categories, 'cloud'), 'hosted',
                device_type IN ('mobile', 'tablet'), 'phone',
                'computer') AS kind
        FROM
        (
            SELECT
                tenant, user_id, user_name, user_email, event_id, ts, activity, ip_address, ip, startsWith(toString(ip), '::ffff:') AS four, asn, as_organization, country, country_name, region, city,
                latitude, longitude, accuracy_km, browser, os, device_type,
                dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS known,
                -- what the operator says of an address wins over every feed
                arrayExists((o, s, b, e) -> o = tenant AND s = 'operator' AND b <= ts AND ts < e, known.1, known.2, known.5, known.6) AS named,
                arrayFilter((c, o, s, b, e) -> o = tenant AND (s = 'operator') = named AND b <= ts AND ts < e, arrayZip(known.3, known.4), known.1, known.2, known.5, known.6) AS counted
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(50)
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
                AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
                AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND place_kind = 'user'
                -- an application calls from where it runs, in whosever name; unusual_impersonation judges its networks
                AND integration_key = ''
                AND activity NOT IN ('failed_logon', 'docusign_alert')
        )
    )
),
-- each activity of a user beside the last one of each kind before it, where nobody can have travelled between the two
steps AS
(
    SELECT
        tenant, user_id, step.1 AS here, step.2 AS there,
        greatest(0, geoDistance(here.3[2], here.3[1], there.3[2], there.3[1]) / 1000 - here.3[3] - there.3[3]) AS distance_km,
        (toUnixTimestamp64Micro(there.1) - toUnixTimestamp64Micro(here.1)) / 3.6e9 AS hours,
        distance_km / {speed_kmh:Float64} + {overhead_hours:Float64} AS needed_hours,
        -- how many times too fast, 100 at most
        least(100, needed_hours / greatest(hours, 0.01)) AS ratio
    FROM
    (
        SELECT
            tenant, user_id,
            arrayJoin(arrayMap(h -> (kept[indexOf(numbers, h.1)], kept[indexOf(numbers, h.2)]), hits)) AS step
        FROM
        (
            SELECT
                tenant, user_id, hits, arraySort(arrayDistinct(arrayConcat(hits.1, hits.2))) AS numbers,
                arrayFilter((p, n) -> has(numbers, n), places, arrayEnumerate(places)) AS kept
            FROM
            (
                SELECT
                    tenant, user_id, places,
                    arrayFlatten(arrayMap(k -> arrayMap(s -> ((s.1).1, (s.2).1), arrayFilter(
                            s -> (s.1).5 = k
                                -- what the view looks back rests on this bound
                                AND (s.2).2 < (s.1).2 + toIntervalHour(24)
                                AND geoDistance((s.1).4, (s.1).3, (s.2).4, (s.2).3) / 1000 >= greatest({min_distance_km:Float64},
                                    ((toUnixTimestamp64Micro((s.2).2) - toUnixTimestamp64Micro((s.1).2)) / 3.6e9 - {overhead_hours:Float64}) * {speed_kmh:Float64})
                                -- two machines of which neither is where a person sits
                                AND NOT ((s.1).5 IN ('hosted', 'tunnel') AND (s.2).5 IN ('hosted', 'tunnel')),
                            arrayZip(arrayPushFront(arrayPopBack(arrayFill((p, q) -> q = k, light, light.5)), light[1]), light))),
                        ['computer', 'phone', 'corporate', 'hosted', 'tunnel'])) AS hits
                FROM
                (
                    SELECT
                        tenant, user_id,
                        -- event_id breaks ties, so that the order of arrival never matters
                        arraySort(p -> (p.1, p.2), groupArray(place)) AS places,
                        arrayMap((p, n) -> (n, p.1, p.3[1], p.3[2], p.4[1]), places, arrayEnumerate(places)) AS light
                    FROM acts
                    GROUP BY tenant, user_id
                )
            )
        )
    )
    WHERE distance_km >= {min_distance_km:Float64} AND hours < needed_hours
        -- countries that touch by land, each pair once, the lower code first
        AND ({mode:String} != 'countries' OR here.4[2] != '' AND there.4[2] != '' AND here.4[2] != there.4[2]
            AND NOT has(splitByChar(' ', concat('AD-ES AD-FR AE-OM AE-SA AF-CN AF-IR AF-PK AF-TJ AF-TM AF-UZ AL-GR AL-ME AL-MK AL-XK AM-AZ AM-GE AM-IR AM-TR AO-CD AO-CG AO-NA AO-ZM AR-BO AR-BR ',
                'AR-CL AR-PY AR-UY AT-CH AT-CZ AT-DE AT-HU AT-IT AT-LI AT-SI AT-SK AZ-GE AZ-IR AZ-RU AZ-TR BA-HR BA-ME BA-RS BD-IN BD-MM BE-DE BE-FR BE-LU BE-NL ',
                'BF-BJ BF-CI BF-GH BF-ML BF-NE BF-TG BG-GR BG-MK BG-RO BG-RS BG-TR BI-CD BI-RW BI-TZ BJ-NE BJ-NG BJ-TG BN-MY BO-BR BO-CL BO-PE BO-PY BR-CO BR-GF ',
                'BR-GY BR-PE BR-PY BR-SR BR-UY BR-VE BT-CN BT-IN BW-NA BW-ZA BW-ZM BW-ZW BY-LT BY-LV BY-PL BY-RU BY-UA BZ-GT BZ-MX CA-GL CA-US CD-CF CD-CG CD-RW ',
                'CD-SS CD-TZ CD-UG CD-ZM CF-CG CF-CM CF-SD CF-SS CF-TD CG-CM CG-GA CH-DE CH-FR CH-IT CH-LI CI-GH CI-GN CI-LR CI-ML CL-PE CM-GA CM-GQ CM-NG CM-TD ',
                'CN-HK CN-IN CN-KG CN-KP CN-KZ CN-LA CN-MM CN-MN CN-MO CN-NP CN-PK CN-RU CN-TJ CN-VN CO-EC CO-PA CO-PE CO-VE CR-NI CR-PA CZ-DE CZ-PL CZ-SK DE-DK ',
                'DE-FR DE-LU DE-NL DE-PL DJ-ER DJ-ET DJ-SO DO-HT DZ-EH DZ-LY DZ-MA DZ-ML DZ-MR DZ-NE DZ-TN EC-PE EE-LV EE-RU EG-IL EG-LY EG-PS EG-SD EH-MA EH-MR ',
                'ER-ET ER-SD ES-FR ES-GI ES-MA ES-PT ET-KE ET-SD ET-SO ET-SS FI-NO FI-RU FI-SE FR-IT FR-LU FR-MC GA-GQ GB-IE GE-RU GE-TR GF-SR GH-TG GM-SN GN-GW ',
                'GN-LR GN-ML GN-SL GN-SN GR-MK GR-TR GT-HN GT-MX GT-SV GW-SN GY-SR GY-VE HN-NI HN-SV HR-HU HR-ME HR-RS HR-SI HU-RO HU-RS HU-SI HU-SK HU-UA ID-MY ',
                'ID-PG ID-TL IL-JO IL-LB IL-PS IL-SY IN-MM IN-NP IN-PK IQ-IR IQ-JO IQ-KW IQ-SA IQ-SY IQ-TR IR-PK IR-TM IR-TR IT-SI IT-SM IT-VA JO-PS JO-SA JO-SY ',
                'KE-SO KE-SS KE-TZ KE-UG KG-KZ KG-TJ KG-UZ KH-LA KH-TH KH-VN KP-KR KP-RU KW-SA KZ-RU KZ-TM KZ-UZ LA-MM LA-TH LA-VN LB-SY LR-SL LS-ZA LT-LV LT-PL ',
                'LT-RU LV-RU LY-NE LY-SD LY-TD LY-TN MD-RO MD-UA ME-RS ME-XK MF-SX MK-RS MK-XK ML-MR ML-NE ML-SN MM-TH MN-RU MR-SN MW-MZ MW-TZ MW-ZM MX-US MY-TH MZ-SZ ',
                'MZ-TZ MZ-ZA MZ-ZM MZ-ZW NA-ZA NA-ZM NE-NG NE-TD NG-TD NO-RU NO-SE OM-SA OM-YE PL-RU PL-SK PL-UA QA-SA RO-RS RO-UA RS-XK RU-UA RW-TZ RW-UG SA-YE ',
                'SD-SS SD-TD SK-UA SS-UG SY-TR SZ-ZA TJ-UZ TM-UZ TZ-UG TZ-ZM ZA-ZW ZM-ZW')), concat(least(here.4[2], there.4[2]), '-', greatest(here.4[2], there.4[2]))))
),
-- where, on which network and with which device each user was on which day, to a tenth of a degree; successes only
history AS
(
    SELECT
        tenant, user_id,
        groupUniqArray((toDate(ts), round(latitude, 1), round(longitude, 1), toString(country),
            multiIf(as_organization != '', toString(as_organization), asn != 0, concat('AS', toString(asn)), replaceOne(toString(IPv6CIDRToRange(ip, if(startsWith(toString(ip), '::ffff:'), 120, 48)).1), '::ffff:', '')),
            if(browser = '', '', concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), ' on ', replaceRegexpOne(os, ' [0-9.]+$', ''))),
            if(browser = '', '', concat(browser, ' on ', os)))) AS been
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(37)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND place_kind = 'user'
        AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
    GROUP BY tenant, user_id
),
-- networks that were new for a user on some day; only of these it is asked who else of the company uses them
asked AS
(
    SELECT DISTINCT asn
    FROM
    (
        SELECT asn, groupUniqArray(toDate(ts)) AS used
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(37)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
            AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND asn != 0 AND place_kind = 'user' AND integration_key = ''
            AND activity NOT IN ('failed_logon', 'docusign_alert')
        GROUP BY tenant, user_id, asn, country
    )
    WHERE arrayExists(d -> d >= toDate32({from:DateTime64(7, 'UTC')}) - 3 AND arrayCount(e -> e < d - 1 AND e >= d - 30, used) < {familiar_days:UInt32}, used)
),
-- for each network and country who used it on which days, and on which of them the user was also far from there
company AS
(
    SELECT tenant, asn, country, groupArray((user_id, used, away)) AS colleagues
    FROM
    (
        SELECT tenant, user_id, spot.1 AS asn, spot.2 AS country, groupUniqArray(day) AS used, groupUniqArrayIf(day, spot.3) AS away
        FROM
        (
            SELECT
                tenant, user_id, day,
                arrayJoin(arrayMap(s -> (s.1, s.2, arrayExists(o -> geoDistance(s.4, s.3, o.4, o.3) / 1000 >= {min_distance_km:Float64}, spots)), spots)) AS spot
            FROM
            (
                SELECT tenant, user_id, toDate(ts) AS day, groupUniqArray((asn, toString(country), round(latitude, 1), round(longitude, 1))) AS spots
                FROM events
                WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(37)
                    AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
                    AND user_id IN
                    (
                        SELECT user_id
                        FROM events
                        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(37)
                            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25) AND asn IN (SELECT asn FROM asked)
                    )
                    AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND place_kind = 'user' AND integration_key = ''
                    AND activity NOT IN ('failed_logon', 'docusign_alert')
                GROUP BY tenant, user_id, day
            )
        )
        GROUP BY tenant, user_id, asn, country
        HAVING asn != 0 AND length(used) >= {familiar_days:UInt32}
    )
    GROUP BY tenant, asn, country
),
-- on how many earlier days the user was near each end, on its network, on its network in its country, with its device
-- family, with its device, in its country: days before the day of departure, so that the first day of an attacker makes
-- nothing familiar
judged AS
(
    SELECT
        tenant, user_id, here, there, distance_km, hours, needed_hours, ratio,
        arrayMap(e -> (
                toInt64(arrayUniq(arrayMap(b -> b.1, arrayFilter(b -> geoDistance(b.3, b.2, e.3[2], e.3[1]) / 1000 <= {familiar_km:Float64}, earlier)))),
                toInt64(arrayUniq(arrayMap(b -> b.1, arrayFilter(b -> b.5 = e.4[4], earlier)))),
                toInt64(arrayUniq(arrayMap(b -> b.1, arrayFilter(b -> b.5 = e.4[4] AND b.4 = e.4[2], earlier)))),
                toInt64(arrayUniq(arrayMap(b -> b.1, arrayFilter(b -> b.6 != '' AND b.6 = e.4[5], earlier)))),
                toInt64(arrayUniq(arrayMap(b -> b.1, arrayFilter(b -> b.7 != '' AND b.7 = e.4[6], earlier)))),
                toInt64(arrayUniq(arrayMap(b -> b.1, arrayFilter(b -> b.4 != '' AND b.4 = e.4[2], earlier))))),
            [here, there]) AS days
    FROM
    (
        SELECT tenant, user_id, here, there, distance_km, hours, needed_hours, ratio, arrayFilter(b -> b.1 < toDate(here.1) AND b.1 >= toDate(there.1) - 31, been) AS earlier
        FROM steps
        INNER JOIN history USING (tenant, user_id)
    )
),
-- the same as columns, for planning is quick when a condition names columns, and the end that is stranger than the other
known AS
(
    SELECT
        tenant, user_id, here, there, distance_km, hours, needed_hours, ratio, days[1] AS h, days[2] AS t,
        here.4[1] AS here_kind, there.4[1] AS there_kind,
        here.4[3] = there.4[3] AS same_address,
        here.4[5] != '' AND here.4[5] = there.4[5] AS same_device,
        here.4[4] = there.4[4] AS same_network,
        here.4[2] != '' AND here.4[2] = there.4[2] AS same_country,
        here.3[5] != there.3[5] AS two_stacks,
        here.3[6] + there.3[6] > 0 AS hard,
        days[2].1 <= days[1].1 AS later,
        days[if(later, 2, 1)] AS strange,
        toUInt32(if(later, there, here).3[4]) AS asn, if(later, there, here).4[2] AS country
    FROM judged
),
-- the colleagues on a network that is new for the user: for how many it is familiar, and how many of them are far from it on
-- the same days, as behind a gateway
shared AS
(
    SELECT
        known.tenant AS tenant, user_id, here, there, distance_km, hours, needed_hours, ratio, h, t, here_kind, there_kind, same_address, same_device, same_network, same_country, two_stacks, hard, later, strange,
        arrayMap(c -> (arrayCount(d -> d < toDate(here.1) AND d >= toDate(there.1) - 31, c.2), arrayCount(d -> d < toDate(here.1) AND d >= toDate(there.1) - 31, c.3)),
            if(strange.2 < {familiar_days:UInt32}, arrayFilter(c -> c.1 != user_id, company.colleagues), [])) AS others,
        toInt64(arrayCount(o -> o.1 >= {familiar_days:UInt32}, others)) AS regulars,
        toInt64(arrayCount(o -> o.2 >= {familiar_days:UInt32} AND o.2 * 5 >= o.1 * 4, others)) AS elsewhere
    FROM known
    LEFT JOIN company ON company.tenant = known.tenant AND company.asn = known.asn AND company.country = known.country
),
-- what explains each step, the first of the reasons; and how much of network, device and country the user is known for at
-- the stranger end, where another release of a familiar browser is half a new device
explained AS
(
    SELECT
        tenant, user_id, here, there, distance_km, hours, needed_hours, ratio, h, t, here_kind, there_kind, later, regulars, elsewhere, strange.1 AS strange_place, strange.6 AS country_days,
        least(strange.2 / {familiar_days:UInt32}, 1) AS network_part,
        greatest(least(strange.5 / {familiar_days:UInt32}, 1), least(strange.4 / {familiar_days:UInt32}, 1) / 2) AS device_part,
        least(strange.6 / {familiar_days:UInt32}, 1) AS country_part,
        (strange.2 < {familiar_days:UInt32}) + (strange.4 < {familiar_days:UInt32}) + (strange.6 < {familiar_days:UInt32}) AS news,
        strange.4 < {familiar_days:UInt32} AS new_device,
        multiIf(
            same_address, 'same_address',
            here_kind = 'tunnel', 'not_a_place',
            there_kind = 'tunnel', 'not_a_place',
            -- what an attacker's address did before excuses nothing
            hard, '',
            here_kind = 'hosted', if(h.2 >= {familiar_days:UInt32} OR regulars >= {shared_users:UInt32}, 'not_a_place', ''),
            there_kind = 'hosted', if(t.2 >= {familiar_days:UInt32} OR regulars >= {shared_users:UInt32}, 'not_a_place', ''),
            here_kind = 'phone' AND (same_device AND same_network AND same_country OR least(h.4, h.3, t.4) >= {familiar_days:UInt32}), 'mobile_carrier',
            there_kind = 'phone' AND least(t.4, t.3, h.4) >= {familiar_days:UInt32}, 'mobile_carrier',
            same_device AND same_network AND (same_country OR t.2 >= {familiar_days:UInt32}), 'same_network',
            same_device AND same_country AND two_stacks, 'dual_stack',
            elsewhere >= {shared_users:UInt32} AND elsewhere * 2 >= regulars, 'shared_egress',
            {sensitivity:String} = 'high', '',
            here_kind = 'corporate' AND there_kind = 'corporate', 'trusted_ends',
            least(h.1, t.1) >= {familiar_days:UInt32}, 'familiar_places',
            -- a carrier is familiar in a country only
            least(greatest(h.1, least(if(here_kind = 'phone', h.3, h.2), h.4)), greatest(t.1, least(if(there_kind = 'phone', t.3, t.2), t.4))) >= {familiar_days:UInt32}, 'familiar_networks',
            {sensitivity:String} = 'low' AND regulars >= {shared_users:UInt32}, 'tenant_networks',
            '') AS reason
    FROM shared
),
-- the score, and what is said of each step
scored AS
(
    SELECT
        tenant, user_id, there.1 AS at, there.2 AS id, (here.1, here.2) AS origin, reason, distance_km, there.4[8] AS email, there.4[7] AS name,
        round(10 * log2(1 + ratio) * rarity, 2) AS score,
        if(reason = '', 0, toUInt32(toDate(there.1))) AS day,
        [multiIf(here.4[14] != '', initcapUTF8(here.4[14]), here.4[12] != '', here.4[12], 'one place'), multiIf(there.4[14] != '', initcapUTF8(there.4[14]), there.4[12] != '', there.4[12], 'another')] AS place_names,
        arrayFilter(w -> w != '', [if(country_part < 1, 'country', ''), if(network_part < 1, 'network', ''), if(new_device, 'device', '')]) AS strange_parts,
        (1 - 0.75 * network_part) * (1 - 0.5 * device_part) * (1 - 0.4 * country_part) / sqrt(1 + regulars) AS rarity,
        multiIf(
            news = 0, 'low',
            distance_km < {high_distance_km:Float64}, 'medium',
            strange_place > 0, 'medium',
            greatest(h.1, t.1) = 0, 'medium',
            news >= 2, 'high',
            'medium') AS severity,
        concat(
            multiIf(email != '', email, name != '', name, concat('User ', user_id)),
            ' was in ', place_names[1],
            ' and ', multiIf(hours < 1 / 60, 'in the same minute', hours < 2 / 60, 'a minute later', hours < 1.5, concat(toString(round(hours * 60)), ' minutes later'), concat(toString(round(hours, 1)), ' hours later')),
            ' in ', place_names[2],
            ', ', toString(round(distance_km)), ' km away') AS title,
        concat('{"from":', spots[1], ',"to":', spots[2], ',"severityReason":', toJSONString(concat(
                multiIf(
                    strange_place > 0, 'The user was at both places before',
                    greatest(h.1, t.1) = 0, 'It is not known yet where the user usually is',
                    concat('The user was in ', place_names[if(later, 1, 2)], ' on ', toString(greatest(h.1, t.1)), if(greatest(h.1, t.1) = 1, ' earlier day', ' earlier days'), ', and never before in ', place_names[if(later, 2, 1)])),
                '; the places are ', toString(round(distance_km)), ' km apart, a journey of at least ', if(needed_hours < 1.5, concat(toString(greatest(1, round(needed_hours * 60))), ' minutes'), concat(toString(round(needed_hours, 1)), ' hours')), '. ',
                if(news = 0, 'The user is known for the country, the network and the device there.',
                    concat('In ', place_names[if(later, 2, 1)], ' the ', arrayStringConcat(arraySlice(strange_parts, 1, -1), ', '), if(length(strange_parts) > 1, ' and ', ''), strange_parts[-1], if(length(strange_parts) > 1, ' are', ' is'), ' not familiar to the user.')),
                if(regulars = 0, '', concat(' ', toString(regulars), if(regulars = 1, ' other user works', ' other users work'), ' from that network and country regularly.')))),
            ',"fromKind":"', here_kind, '","toKind":"', there_kind, '","strangerEnd":"', if(later, 'to', 'from'), '",',
            substring(toJSONString(map(
                'distanceKm', round(distance_km), 'hours', round(hours, 3), 'neededHours', round(needed_hours, 3),
                'speedKmh', round(distance_km / greatest(hours, 0.001)), 'allowedSpeedKmh', {speed_kmh:Float64},
                'fromFamiliarDays', toFloat64(h.1), 'toFamiliarDays', toFloat64(t.1),
                'fromNetworkDays', toFloat64(h.2), 'toNetworkDays', toFloat64(t.2),
                'fromDeviceDays', toFloat64(h.4), 'toDeviceDays', toFloat64(t.4),
                'strangerCountryDays', toFloat64(country_days), 'networkRegulars', toFloat64(regulars), 'networkRegularsElsewhere', toFloat64(elsewhere),
                'timesTooFast', round(ratio, 2), 'rarity', round(rarity, 3))), 2)) AS evidence
    FROM
    (
        SELECT
            *,
            arrayMap(p -> toJSONString(CAST((formatDateTime(p.1, '%FT%TZ'), p.2, p.4[9], p.4[10], p.3[4], p.4[11], p.4[2], p.4[12], p.4[13], p.4[14], p.3[1], p.3[2], p.3[3], p.4[15], p.4[16], p.4[17],
                    arrayFilter(w -> w != '', splitByChar(',', p.4[18]))),
                'Tuple(time String, eventId String, activity String, ipAddress String, asn UInt32, network String, country String, countryName String, region String, city String,
                    latitude Float64, longitude Float64, accuracyKm Float64, browser String, os String, deviceType String, tags Array(String))')), [here, there]) AS spots
        FROM explained
    )
),
-- of each activity the step that nothing explains, or else the worst one
chosen AS
(
    SELECT *
    FROM scored
    ORDER BY reason != '', score DESC, distance_km DESC, origin
    LIMIT 1 BY tenant, user_id, id
),
-- steps less than twelve hours apart are one series, those with a reason one a day; the worst one speaks for a series
series AS
(
    SELECT tenant, user_id, reason, part, arraySort(w -> (-w.4, -w.5, w.2), part)[1] AS worst, arraySort(arrayDistinct(arrayConcat(arrayMap(w -> (w.1, w.2), part), arrayMap(w -> w.3, part)))) AS members
    FROM
    (
        SELECT tenant, user_id, reason, arrayJoin(arraySplit((w, previous) -> if(day = 0, w.1 > previous + toIntervalHour(12), false), walk, arrayPushFront(arrayPopBack(walk.1), walk[1].1))) AS part
        FROM
        (
            SELECT tenant, user_id, reason, day, arraySort(groupArray((at, id, origin, score, distance_km, [email, name, severity, title, evidence]))) AS walk
            FROM chosen
            GROUP BY tenant, user_id, reason, day
        )
    )
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    worst.6[1] AS subject_email,
    worst.6[2] AS subject_name,
    part[1].2 AS finding_key,
    part[1].1 AS anchor_time,
    members[1].1 AS start_time,
    part[-1].1 AS end_time,
    arrayMap(m -> m.2, arraySlice(members, 1, 100)) AS event_ids,
    toUInt64(length(members)) AS event_count,
    worst.4 AS score,
    worst.6[3] AS severity,
    worst.6[4] AS title,
    concat(trimRight(worst.6[5], '}'), ',"steps":', toString(length(part)), '}') AS evidence,
    if(reason = '', [], [reason]) AS suppressed_by
FROM series
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
