-- One row per episode of changes of one kind by one user, or by the application or at the address where nobody is named.
-- Object, action, property, field and the name of the setting are read as words, since DocuSign publishes no list of its
-- spellings. Episodes are numbered by window functions and never held as a whole, so that a flood of changes costs no more
-- than sorting it.
WITH
changes AS
(
    SELECT
        tenant, subject.1 AS about, subject.2 AS about_id, kind, event_id, ts, toInt32(toDate(ts)) AS day, operation, failed,
        NOT failed AND match(words, '(^| )(disabl|remov|delet|revok|off|relax|reduc|clear|unenforc|exempt|bypass|skip)') AS loosens,
        -- what was done, where object and action tell it
        multiIf(
            kind = 'transfer' AND match(words, '(^| )((auto|mail) ?forward|forwarding)'), ' changed e-mail forwarding',
            kind = 'transfer' AND match(words, 'transfer ?rule') AND match(words, '(^| )(creat|add)'), ' made a rule that transfers envelopes',
            kind = 'transfer' AND match(words, 'transfer ?rule') AND match(words, '(^| )(remov|delet)'), ' removed a rule that transfers envelopes',
            kind = 'transfer' AND match(words, 'transfer ?rule'), ' changed a rule that transfers envelopes',
            kind = 'transfer' AND match(words, '^envelope (custody )?transferred'), ' transferred envelopes',
            kind = 'authentication' AND match(words, '(^| )(authentication|mfa|multi ?factor|two ?factor|two ?step|2fa|id verification)') AND match(words, '(^| )(disabl|remov|delet|revok|off|unenforc)')
                AND NOT match(words, '(^| )(relax|reduc|clear|exempt|bypass|skip)'), ' switched off a required authentication',
            kind = 'connect_listener' AND match(words, '(^| )(configuration|config|listener|custom|connect) (creat|add)'), ' created a Connect listener',
            kind = 'connect_listener' AND match(words, '(^| )(configuration|config|listener|custom|connect) (remov|delet)'), ' removed a Connect listener',
            kind = 'permission_profile' AND match(words, '(^| )(admin|administrator)s? (add|assign|grant)'), ' gave administrator rights',
            kind = 'integration_key' AND match(words, '(key|app|application) (creat|add|regist|generat)'), ' made an integration key or gave one access',
            '') AS deed,
        (user_email, user_name) AS person, (ip_address, toString(as_organization), toString(country_name), toString(city), toString(browser), toString(os), toString(integration_key), toString(place_kind)) AS spot, affected_user_id,
        -- What it was set to, as far as the record says it: without what keys call a secret, also in JSON within a text, and addresses without user, query and
        -- fragment. A value that is cut off ends with the text.
        if(data IN ('', '{}'), '', replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(substringUTF8(data, 1, 4000),
            '(?i)((?:password|token|auth_?code|(?:secret|private_?key|credential)[^"\\\\]*)\\\\+")(?:[^"\\\\]|\\\\.)*', '\\1: <secret>'),
            '(?i)((?:password|token|auth_?code|(?:secret|private_?key|credential)[^"\\\\]*)"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$)|[0-9-][^,}\\]]*|\\[(?:[^\\[\\]{}"]|"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$))*(?:\\]|$))', '\\1"<secret>"'),
            '(?i)(https?:(?:\\\\?/){2})[^"/?#\\s\\\\]*@', '\\1'),
            '(?i)(https?:(?:\\\\?/){2}[^"?#\\s]*)[?#](?:[^"\\\\]|\\\\.)*', '\\1?<secret>')) AS content,
        if(lengthUTF8(content) > 300, concat(substringUTF8(content, 1, 299), '…'), content) AS set_to,
        -- where to, to whom or which, as far as the record says it; of what is polled the state after the change comes first
        replaceRegexpOne(replaceAll(multiIf(
            kind = 'connect_listener', extract(content, '(?i)"[a-z]*ur[il][a-z]*"\\s*:\\s*"(https?:(?:[^"\\\\]|\\\\.)*)'),
            kind = 'transfer', coalesce(
                nullIf(extract(content, '(?i)"(?:to[a-z]*e-?mail|to_?user(?:_?name|_?id)?|forward[a-z]*to|forward[a-z]*e-?mail|e-?mail|recipient)"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)'), ''),
                nullIf(extract(content, '"Name"\\s*:\\s*"to ((?:[^"\\\\]|\\\\.)+)'), ''), extract(content, '(?i)"url"\\s*:\\s*"(https?:(?:[^"\\\\]|\\\\.)*)')),
            kind = 'delegation', coalesce(
                nullIf(extract(content, '"Name"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+ to (?:[^"\\\\]|\\\\.)+)'), ''),
                nullIf(extract(content, '(?i)"(?:agent|delegate|to)[a-z_]*"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)'), ''), affected_user_id),
            kind = 'identity_provider', extract(content, '(?i)"(?:friendly_?name|host_?name|domain(?:_?name)?|name)"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)'),
            kind = 'integration_key', coalesce(
                nullIf(extract(content, '(?i)"(?:app(?:lication)?_?name|name)"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)'), ''),
                extract(content, '(?i)"(?:integrator_?key|integration_?key|client_?id|key_?id)"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)')),
            kind = 'permission_profile', coalesce(
                nullIf(extract(content, '(?i)"(?:permission_?)?(?:profile_?)?name"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)'), ''),
                nullIf(extract(content, '(?i)"affected_?user_?id"\\s*:\\s*"([^"\\\\]+)'), ''), nullIf(affected_user_id, ''),
                replaceRegexpOne(extract(content, '(?i)"permission_?profile_?id"\\s*:\\s*"([^"\\\\]+)'), '^(.)', 'permission profile \\1')),
            ''), '\\/', '/'), '[?#].*$', '') AS named,
        if(lengthUTF8(named) > 80, concat(substringUTF8(named, 1, 79), '…'), named) AS target
    FROM
    (
        SELECT
            *,
            multiIf(
                match(words, '(^| )(connect (configuration|config|listener|custom|event|service|setting)|connect (creat|add|updat|enabl|modif|edit|chang)|webhook|event ?notification)') AND changing, 'connect_listener',
                match(words, '(^| )(identity ?provider|idp|sso|saml|single sign on|federat|open ?id|scim|directory ?sync|reserved domain|domain (claim|add|creat|verif|remov|delet))') AND changing, 'identity_provider',
                match(words, '(^| )(authentication|mfa|multi ?factor|two ?factor|two ?step|2fa|password ?(rule|polic|strength|requirement)|login (polic|requirement|setting)|ip ?(range|allow|restrict)|trusted ?ip|access code requirement|id verification)') AND changing, 'authentication',
                match(words, '(^| )(transfer ?rule|envelope ?transfer|custody ?transfer|auto ?forward|mail ?forward|forwarding)') AND changing OR match(words, '^envelope (custody )?transferred'), 'transfer',
                match(words, '(^| )(delegat|shared ?access|act on behalf|send on behalf|on behalf of|user authorization|authorization (grant|add|creat)|custodian|deput)') AND changing, 'delegation',
                match(words, '(^| )(integrat(ion|or) ?key|api ?key|rsa ?key|secret ?key|o ?auth ?app|application (creat|add|regist)|app (creat|add|authori)|consent (grant|add))') AND changing, 'integration_key',
                match(words, '(^| )(permission|role|privilege|admin|administrator)s? ') AND changing, 'permission_profile',
                '') AS kind
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
                    tenant, user_email, user_name, event_id, ts, object, action, property, field, JSONExtractString(data, 'SettingsKey') AS setting, data,
                    ip_address, as_organization, country_name, city, browser, os, integration_key, place_kind, affected_user_id,
                    match(lower(result), 'fail|error|den(y|ied)|invalid|reject|unsuccess|unauthor|forbid|refus|not ?allowed|false|40[13]') AS failed,
                    multiIf(user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), ('user', user_id), integration_key != '', ('integration', integration_key), ip_address != '', ('address', ip_address),
                        ('organization', multiIf(account_id != '', account_id, organization_id != '', organization_id, toString(tenant)))) AS subject
                FROM events
                -- before all else, or the words of every event are looked through
                PREWHERE activity IN ('connect', 'integration', 'permission', 'settings', 'user_management', 'group_management', 'create', 'update', 'delete', 'impersonation', 'unknown')
                WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(92)
                    AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(13)
                    AND (empty({subjects:Array(String)}) OR user_id IN arrayConcat({subjects:Array(String)}, ['', '0', '00000000-0000-0000-0000-000000000000']) AND has({subjects:Array(String)}, subject.2))
                    -- Connect tells of envelopes, and neither from where nor by whom they were changed
                    AND channel != 'Connect'
            )
        )
    )
    WHERE kind != ''
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, about, about_id, kind ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS number
    FROM
    (
        SELECT *, toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER (PARTITION BY tenant, about, about_id, kind ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > {quiet_us:UInt64} AS begins
        FROM changes
    )
),
episodes AS
(
    SELECT
        tenant, about, about_id, kind,
        min(numbered.ts) AS anchor_time, max(numbered.ts) AS end_time, min(numbered.day) AS day,
        argMin(event_id, (ts, event_id)) AS key, argMax(person, (ts, event_id)) AS whose, argMin(spot, (ts, event_id)) AS place, argMin(operation, (failed, ts, event_id)) AS first_operation,
        groupArraySorted(100)((ts, event_id)) AS first_events, groupArraySorted(20)((ts, event_id, operation, affected_user_id, failed, set_to)) AS operations,
        count() AS attempts, countIf(NOT failed) AS changes_made, max(loosens) AS loosened, if(min(deed) = max(deed), min(deed), '') AS one_deed,
        argMinIf(target, (failed, ts, event_id), target != '') AS first_target, first_target != maxIf(target, target != '') OR first_target != minIf(target, target != '') AS more_targets
    FROM numbered
    GROUP BY tenant, about, about_id, kind, number
    HAVING anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
),
-- what everybody concerned did in the 90 days before, day by day
visits AS
(
    SELECT tenant, about_id, day, ip_address, as_organization, device
    FROM
    (
        SELECT
            tenant, toInt32(toDate(ts)) AS day, ip_address, as_organization,
            -- a browser is another version every few weeks
            (replaceRegexpOne(toString(browser), ' [0-9.]+$', ''), replaceRegexpOne(toString(os), ' [0-9.]+$', '')) AS device,
            multiIf(user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), user_id, integration_key != '', integration_key, ip_address != '', ip_address, account_id != '', account_id, organization_id != '', organization_id, toString(tenant)) AS about_id
        FROM events
        -- before all else, or the words of every event are looked through
        PREWHERE activity IN ('connect', 'integration', 'permission', 'settings', 'user_management', 'group_management', 'create', 'update', 'delete', 'impersonation', 'unknown')
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(92)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(13)
            AND (empty({subjects:Array(String)}) OR user_id IN arrayConcat({subjects:Array(String)}, ['', '0', '00000000-0000-0000-0000-000000000000']) AND has({subjects:Array(String)}, about_id))
            AND channel != 'Connect'
            -- what failed makes nothing familiar
            AND NOT match(lower(result), 'fail|error|den(y|ied)|invalid|reject|unsuccess|unauthor|forbid|refus|not ?allowed|false|40[13]')
    )
    GROUP BY tenant, about_id, day, ip_address, as_organization, device
),
-- how well address, network and device of the first change were known on that day
known AS
(
    SELECT
        p.tenant AS tenant, p.about_id AS about_id, p.day AS day, p.place AS place,
        uniqExactIf(v.day, v.ip_address != '' AND v.ip_address = p.place.1) AS address_days,
        uniqExactIf(v.day, v.as_organization != '' AND v.as_organization = p.place.2) AS network_days,
        uniqExactIf(v.day, v.device.1 != '' AND v.device = p.place_device) AS device_days,
        uniqExact(v.day) AS active_days, p.day - min(v.day) AS record_days
    FROM visits AS v
    INNER JOIN (SELECT DISTINCT tenant, about_id, day, place, (replaceRegexpOne(place.5, ' [0-9.]+$', ''), replaceRegexpOne(place.6, ' [0-9.]+$', '')) AS place_device FROM episodes) AS p ON p.tenant = v.tenant AND p.about_id = v.about_id
    WHERE v.day >= p.day - 90 AND v.day < p.day
    GROUP BY tenant, about_id, day, place
),
judged AS
(
    SELECT
        *,
        changes_made = 0 AS only_tried,
        -- 1 low, 2 medium, 3 high
        if(only_tried, 1, least(3, greatest(1, multiIf(kind IN ('connect_listener', 'identity_provider'), 3, kind = 'authentication', 2 + loosened, kind = 'permission_profile', 1, 2)
            - usual + (NOT usual AND strange) + (changes_made >= {many_changes:UInt32})))) AS level
    FROM
    (
        SELECT
            e.tenant AS tenant, e.about AS about, e.about_id AS about_id, e.kind AS kind, e.anchor_time AS anchor_time, e.end_time AS end_time, e.key AS key, e.whose AS whose, e.place AS place,
            e.first_operation AS first_operation, e.first_events AS first_events, e.operations AS operations, e.attempts AS attempts, e.changes_made AS changes_made, e.loosened AS loosened, e.one_deed AS one_deed, e.first_target AS first_target,
            -- in a title the address of a web server is written so that mail and chat make no link of it
            if(e.first_target = '', '', concat(replaceRegexpAll(replaceRegexpAll(e.first_target, '(?i)(https?)://([^/:\\s]*)\\.', '\\1[:]//\\2[.]'), '(?i)(https?)://', '\\1[:]//'), if(e.more_targets, ' and others', ''))) AS targets,
            arrayCount(d -> d < e.day AND d >= e.day - 90, h.days) AS days_of_kind,
            k.address_days AS address_days, k.network_days AS network_days, k.device_days AS device_days, k.active_days AS active_days, k.record_days AS record_days,
            days_of_kind >= {familiar_days:UInt32} AS usual,
            place.8 = 'server' OR address_days >= {familiar_days:UInt32} AS known_address,
            place.5 = '' OR device_days >= {familiar_days:UInt32} AS known_device,
            active_days >= {familiar_days:UInt32} AND NOT known_address AND NOT known_device AS strange
        FROM episodes AS e
        LEFT JOIN (SELECT tenant, about, about_id, kind, groupUniqArray(day) AS days FROM changes WHERE NOT failed GROUP BY tenant, about, about_id, kind) AS h
            ON h.tenant = e.tenant AND h.about = e.about AND h.about_id = e.about_id AND h.kind = e.kind
        LEFT JOIN known AS k ON k.tenant = e.tenant AND k.about_id = e.about_id AND k.day = e.day AND k.place = e.place
    )
)
SELECT
    tenant,
    about AS subject_type,
    about_id AS subject_id,
    if(about = 'user', whose.1, '') AS subject_email,
    if(about = 'user', whose.2, '') AS subject_name,
    key AS finding_key,
    anchor_time,
    anchor_time AS start_time,
    end_time,
    first_events.2 AS event_ids,
    toUInt64(attempts) AS event_count,
    toFloat64(level) AS score,
    ['low', 'medium', 'high'][level] AS severity,
    concat(
        multiIf(subject_email != '', subject_email, subject_name != '', subject_name, about = 'user', concat('User ', subject_id),
            about = 'integration', concat('Application ', subject_id, ' (actor unknown)'), about = 'address', concat('Somebody at ', subject_id, ' (actor unknown)'), concat('Somebody in account ', subject_id, ' (actor unknown)')),
        replaceOne(multiIf(one_deed != '', one_deed, kind = 'connect_listener', ' changed where Connect sends the account''s events',
            kind = 'identity_provider', ' changed the identity provider',
            kind = 'authentication', if(loosened, ' loosened what authentication is required', ' changed what authentication is required'),
            kind = 'transfer', ' transferred envelopes, or made a rule that does',
            kind = 'delegation', ' changed who may act for whom',
            kind = 'integration_key', ' changed an integration key',
            ' changed rights'), ' ', if(only_tried, ' failed at what would have ', ' ')),
        multiIf(targets = '', '',
            one_deed = ' created a Connect listener', concat(' that sends envelopes to ', targets), one_deed = ' removed a Connect listener', concat(' that sent envelopes to ', targets),
            kind = 'connect_listener', concat(': they go to ', targets), kind = 'transfer' OR one_deed = ' gave administrator rights', concat(' to ', targets), concat(': ', targets)),
        ' (', first_operation, if(attempts > 1, concat(' and ', toString(attempts - 1), ' more'), ''), ')',
        if(strange, concat(', from an address and a device that are new for the user', if(place.4 != '', concat(', in ', initcapUTF8(place.4)), '')),
            -- of the first days nothing can be said
            if(days_of_kind = 0 AND active_days >= {familiar_days:UInt32}, if(record_days >= 83, ', for the first time in 90 days', concat(', for the first time in the ', toString(record_days), ' days on record')), ''))) AS title,
    toJSONString(CAST((
            kind, changes_made, attempts - changes_made, loosened, days_of_kind, address_days, network_days, device_days, active_days,
            arrayMap(m -> (formatDateTime(m.1, '%FT%TZ'), m.2, m.3, m.4, m.5, m.6), operations), place, first_target,
            concat(multiIf(only_tried, 'It failed; nothing was changed', kind IN ('connect_listener', 'identity_provider'), 'Through this control everything can be taken', kind = 'authentication' AND loosened, 'A protection was taken back', kind = 'permission_profile', 'Such changes are daily work', 'The control matters'),
                multiIf(usual, '; such changes are made often', strange, '; address and device are new for the user', ''), if(about = 'user', '', '; who did it is not known'), if(changes_made >= {many_changes:UInt32}, '; there are many.', '.'))
        ),
        'Tuple(kind String, changes UInt64, failedChanges UInt64, loosened Bool, userDaysWithSuchChanges UInt64, addressKnownDays UInt64, networkKnownDays UInt64, deviceKnownDays UInt64, userDays UInt64,
            operations Array(Tuple(time String, eventId String, operation String, affectedUserId String, failed Bool, data String)),
            at Tuple(ipAddress String, network String, country String, city String, browser String, os String, integrationKey String, placeKind String), target String, severityReason String)')) AS evidence,
    if(about = 'user' AND usual AND known_address AND known_device AND NOT loosened AND changes_made < {many_changes:UInt32}, ['usual_work'], CAST([], 'Array(String)')) AS suppressed_by
FROM judged
