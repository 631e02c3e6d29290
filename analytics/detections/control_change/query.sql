-- One row per episode of changes of one kind by one user. Object, action, property, field and the name of the setting
-- are read as words, since DocuSign publishes no list of its spellings.
WITH
changes AS
(
    SELECT
        tenant, user_id,
        multiIf(
            match(words, '(^| )(connect (configuration|config|listener|custom|event|service|setting)|connect (creat|add|updat|enabl|modif|edit|chang)|webhook|event ?notification)') AND changing, 'connect_listener',
            match(words, '(^| )(identity ?provider|idp|sso|saml|single sign on|federat|open ?id|scim|directory ?sync|reserved domain|domain (claim|add|creat|verif|remov|delet))') AND changing, 'identity_provider',
            match(words, '(^| )(authentication|mfa|multi ?factor|two ?factor|two ?step|2fa|password ?(rule|polic|strength|requirement)|login (polic|requirement|setting)|ip ?(range|allow|restrict)|trusted ?ip|access code requirement|id verification)') AND changing, 'authentication',
            match(words, '(^| )(transfer ?rule|envelope ?transfer|custody ?transfer|auto ?forward|mail ?forward|forwarding)') AND changing OR match(words, '^envelope (custody )?transferred'), 'transfer',
            match(words, '(^| )(delegat|shared ?access|act on behalf|send on behalf|on behalf of|user authorization|authorization (grant|add|creat)|custodian|deput)') AND changing, 'delegation',
            match(words, '(^| )(integrat(ion|or) ?key|api ?key|rsa ?key|secret ?key|o ?auth ?app|application (creat|add|regist)|app (creat|add|authori)|consent (grant|add))') AND changing, 'integration_key',
            match(words, '(^| )(permission|role|privilege|admin|administrator)s? ') AND changing, 'permission_profile',
            '') AS kind,
        arraySort(groupArray((ts, event_id, operation, match(words, '(^| )(disabl|remov|delet|revok|off|relax|reduc|clear|unenforc|exempt|bypass|skip)'),
            (user_email, user_name), (ip_address, toString(as_organization), toString(country_name), toString(city), toString(browser), toString(os), toString(integration_key), toString(place_kind)), affected_user_id))) AS members
    FROM
    (
        SELECT
            *,
            trimBoth(concat(object, ' ', action, if(property != '', concat(' ', property), ''), if(setting != '', concat(' ', setting), ''))) AS operation,
            -- words in lower case, with a blank behind the last
            concat(lower(replaceRegexpAll(replaceRegexpAll(concat(object, ' ', action, ' ', property, ' ', field, ' ', setting), '([a-z0-9])([A-Z])', '\\1 \\2'), '[^A-Za-z0-9]+', ' ')), ' ') AS words,
            match(words, '(^| )(creat|add|updat|enabl|disabl|modif|edit|chang|set |sets |activat|deactivat|remov|delet|revok|grant|assign|approv|regist|generat|import|replac|reset|publish|claim|verif|link|unlink|shar)') AS changing
        FROM
        (
            SELECT
                tenant, user_id, user_email, user_name, event_id, ts, object, action, property, field, JSONExtractString(data, 'SettingsKey') AS setting,
                ip_address, as_organization, country_name, city, browser, os, integration_key, place_kind, affected_user_id
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(92)
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(13)
                AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
                AND user_id != ''
                AND activity IN ('connect', 'integration', 'permission', 'settings', 'user_management', 'group_management', 'create', 'update', 'delete', 'impersonation', 'unknown')
        )
    )
    WHERE kind != ''
    GROUP BY tenant, user_id, kind
),
episodes AS
(
    SELECT
        tenant, user_id, kind, episode, episode[1].1 AS anchor_time, toDate(anchor_time) AS day, episode[1].6 AS spot,
        length(arrayFilter(d -> d < day AND d >= day - 90, days)) AS kind_days
    FROM
    (
        SELECT
            tenant, user_id, kind,
            arrayDistinct(arrayMap(m -> toDate(m.1), members)) AS days,
            arrayJoin(arraySplit((m, gap) -> gap > {quiet_us:UInt64}, members, arrayDifference(arrayMap(m -> toUnixTimestamp64Micro(m.1), members)))) AS episode
        FROM changes
    )
    WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
),
-- how well the user is known at the address and with the device of the first change
known AS
(
    SELECT
        p.tenant AS tenant, p.user_id AS user_id, p.kind AS kind, p.anchor_time AS anchor_time, any(p.episode) AS members, any(p.spot) AS place, any(p.kind_days) AS days_of_kind,
        uniqExactIf(e.day, e.day < p.day AND e.ip_address != '' AND e.ip_address = p.spot.1) AS address_days,
        uniqExactIf(e.day, e.day < p.day AND e.as_organization != '' AND e.as_organization = p.spot.2) AS network_days,
        uniqExactIf(e.day, e.day < p.day AND e.browser != '' AND e.browser = p.spot.5 AND e.os = p.spot.6) AS device_days,
        uniqExactIf(e.day, e.day < p.day) AS user_days
    FROM
    (
        SELECT tenant, user_id, toDate(ts) AS day, ip_address, as_organization, browser, os
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(92)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(13)
            AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
            AND user_id != ''
            AND activity IN ('connect', 'integration', 'permission', 'settings', 'user_management', 'group_management', 'create', 'update', 'delete', 'impersonation', 'unknown')
        GROUP BY tenant, user_id, day, ip_address, as_organization, browser, os
    ) AS e
    INNER JOIN episodes AS p ON p.tenant = e.tenant AND p.user_id = e.user_id
    WHERE e.day >= p.day - 90 AND e.day <= p.day
    GROUP BY tenant, user_id, kind, anchor_time
),
judged AS
(
    SELECT
        *,
        -- 1 low, 2 medium, 3 high
        least(3, greatest(1, multiIf(kind IN ('connect_listener', 'identity_provider'), 3, kind = 'authentication', 2 + loosened, kind = 'permission_profile', 1, 2)
            - usual + (NOT usual AND strange) + (changes >= {many_changes:UInt32}))) AS level
    FROM
    (
        SELECT
            tenant, user_id, kind, anchor_time, members, place, days_of_kind, address_days, network_days, device_days, user_days,
            length(members) AS changes,
            arrayExists(m -> m.4, members) AS loosened,
            days_of_kind >= {familiar_days:UInt32} AS usual,
            place.8 = 'server' OR address_days >= {familiar_days:UInt32} AS known_address,
            place.5 = '' OR device_days >= {familiar_days:UInt32} AS known_device,
            user_days >= {familiar_days:UInt32} AND NOT known_address AND NOT known_device AS strange
        FROM known
    )
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    members[-1].5.1 AS subject_email,
    members[-1].5.2 AS subject_name,
    members[1].2 AS finding_key,
    anchor_time,
    anchor_time AS start_time,
    members[-1].1 AS end_time,
    arraySlice(members.2, 1, 100) AS event_ids,
    toUInt64(changes) AS event_count,
    toFloat64(level) AS score,
    ['low', 'medium', 'high'][level] AS severity,
    concat(
        multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        multiIf(kind = 'connect_listener', ' changed where Connect sends the account''s events',
            kind = 'identity_provider', ' changed the identity provider',
            kind = 'authentication', if(loosened, ' took back what authentication is required', ' changed what authentication is required'),
            kind = 'transfer', ' transferred envelopes, or made a rule that does',
            kind = 'delegation', ' changed who may act for whom',
            kind = 'integration_key', ' changed an integration key',
            ' changed rights'),
        ' (', members[1].3, if(changes > 1, concat(' and ', toString(changes - 1), ' more'), ''), ')',
        if(strange, concat(', from an address and a device that are new for the user', if(place.4 != '', concat(', in ', initcapUTF8(place.4)), '')), if(days_of_kind = 0, ', for the first time in 90 days', ''))) AS title,
    toJSONString(CAST((
            kind, changes, loosened, days_of_kind, address_days, network_days, device_days, user_days,
            arraySlice(arrayMap(m -> (formatDateTime(m.1, '%FT%TZ'), m.2, m.3, m.7), members), 1, 20), place,
            concat(multiIf(kind IN ('connect_listener', 'identity_provider'), 'Through this control everything can be taken', kind = 'authentication' AND loosened, 'A protection was taken back', kind = 'permission_profile', 'Such changes are daily work', 'The control matters'),
                multiIf(usual, '; the user makes such changes often', strange, '; address and device are new for the user', ''), if(changes >= {many_changes:UInt32}, '; there are many.', '.'))
        ),
        'Tuple(kind String, changes UInt64, loosened Bool, userDaysWithSuchChanges UInt64, addressKnownDays UInt64, networkKnownDays UInt64, deviceKnownDays UInt64, userDays UInt64,
            operations Array(Tuple(time String, eventId String, operation String, affectedUserId String)),
            at Tuple(ipAddress String, network String, country String, city String, browser String, os String, integrationKey String, placeKind String), severityReason String)')) AS evidence,
    if(usual AND known_address AND known_device AND NOT loosened AND changes < {many_changes:UInt32}, ['usual_work'], CAST([], 'Array(String)')) AS suppressed_by
FROM judged
