-- One row per stretch of activity of somebody who was deleted, disabled or on leave in the directory at that time. Who it was
-- is decided as internal/directory.Resolver does, for each activity as of its time.
WITH
acts AS
(
    SELECT
        tenant, user_id, user_email, user_name, event_id, ts, toString(activity) AS activity, administrative, integration_key, ip_address,
        toString(as_organization) AS network, toString(country_name) AS country, toString(city) AS city, toString(browser) AS browser,
        integration_key = '' AND activity IN ('view', 'sign', 'decline') AS progress
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(8)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(8)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        -- what others or DocuSign itself do with an envelope or an account of the user is no act of the user
        AND activity NOT IN ('complete', 'recipient_authentication', 'docusign_alert', 'lockout')
        AND (integration_key != '' OR browser != '' OR (ip_address != '' AND place_kind != 'server') OR administrative OR activity IN ('logon', 'failed_logon'))
        -- of the many the few with whom somebody is concerned who was not always active
        AND ((tenant, user_id) IN (SELECT tenant, key FROM directory_leavers) OR (user_email != '' AND (tenant, user_email) IN (SELECT tenant, key FROM directory_leavers)))
),
identities AS
(
    SELECT DISTINCT tenant, user_id, user_email FROM acts
),
links AS
(
    SELECT DISTINCT tenant, key, source, directory_id
    FROM directory_leavers
    WHERE (tenant, key) IN (SELECT tenant, arrayJoin([user_id, user_email]) FROM identities)
),
states AS
(
    SELECT
        tenant, source, directory_id, valid_from, status, kind, user_name, display_name, role, groups,
        leadInFrame(valid_from, 1, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')) OVER whole AS valid_to,
        min(valid_from) OVER whole AS begun,
        groupArrayArray(docusign_user_ids) OVER whole AS ids,
        -- directories take the addresses from those who leave
        if(status = 'active', emails, arrayDistinct(groupArrayArray(emails) OVER so_far)) AS known,
        max(status = 'active' AND kind IN ('person', 'guest')) OVER so_far AS was_person,
        -- to be deleted after being disabled is no news
        multiIf(status = 'active', 0, status = 'on_leave', 1, 2) AS stretch,
        lagInFrame(stretch, 1, 3) OVER so_far != stretch AS begins
    FROM directory_users FINAL
    WHERE NOT removed AND (tenant, source, directory_id) IN (SELECT tenant, source, directory_id FROM links)
    WINDOW whole AS (PARTITION BY tenant, source, directory_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
        so_far AS (PARTITION BY tenant, source, directory_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
lives AS
(
    SELECT
        tenant, source, directory_id,
        groupArray(CAST(
            (toString(source), directory_id, valid_from, valid_to, toString(status), toString(kind), user_name, display_name, role, groups, ids, known, since, begun, was_person),
            'Tuple(source String, id String, valid_from DateTime64(3, \'UTC\'), valid_to DateTime64(3, \'UTC\'), status String, kind String, user_name String, display_name String,
                role String, groups Array(String), ids Array(String), known Array(String), since DateTime64(3, \'UTC\'), begun DateTime64(3, \'UTC\'), was_person Bool)')) AS life
    FROM
    (
        SELECT
            *,
            max(if(begins, valid_from, toDateTime64('1970-01-01 00:00:00', 3, 'UTC')))
                OVER (PARTITION BY tenant, source, directory_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS since
        FROM states
    )
    GROUP BY tenant, source, directory_id
),
people AS
(
    SELECT i.tenant AS tenant, i.user_id AS user_id, i.user_email AS user_email, arrayDistinct(arrayFlatten(groupArray(p.life))) AS life
    FROM (SELECT tenant, user_id, user_email, arrayJoin(arrayDistinct([user_id, user_email])) AS key FROM identities) AS i
    INNER JOIN links AS l ON l.tenant = i.tenant AND l.key = i.key
    INNER JOIN lives AS p ON p.tenant = l.tenant AND p.source = l.source AND p.directory_id = l.directory_id
    GROUP BY tenant, user_id, user_email
),
present AS
(
    SELECT
        acts.*,
        arrayFilter(s -> s.valid_from <= ts AND ts < s.valid_to, life) AS states_then,
        arrayFilter(s -> has(s.ids, user_id), states_then) AS mine
    FROM acts
    INNER JOIN people USING (tenant, user_id, user_email)
),
addressed AS
(
    SELECT
        *,
        arrayConcat(if(user_email = '', [], [user_email]), arrayFlatten(arrayMap(s -> s.known, mine))) AS addresses,
        -- by source: since when the one was gone whom the user's id names
        arrayMap(s -> (s.source, s.since), arraySort(s -> (-toUnixTimestamp64Milli(s.valid_from), s.id), arrayFilter(s -> s.status != 'active', mine))) AS gone
    FROM present
),
ranked AS
(
    SELECT
        *,
        arraySort(
            c -> (
                -multiIf(
                    has(c.ids, user_id) AND c.status = 'active', 5,
                    -- came back under another entry of the directory
                    c.status = 'active' AND empty(c.ids) AND arrayFirst(g -> g.1 = c.source, gone).1 != '' AND c.begun >= arrayFirst(g -> g.1 = c.source, gone).2, 4,
                    has(c.ids, user_id), 3,
                    c.status = 'active', 2,
                    1),
                -toUnixTimestamp64Milli(c.valid_from),
                c.id),
            arrayFilter(s -> has(s.ids, user_id) OR hasAny(s.known, addresses), states_then)) AS ordered
    FROM addressed
),
answered AS
(
    -- one of each source
    SELECT *, arrayFilter((c, i) -> indexOf(ordered.source, c.source) = i, ordered, arrayEnumerate(ordered)) AS answers
    FROM ranked
),
found AS
(
    SELECT
        * EXCEPT (states_then, mine, gone, ordered),
        arraySort(c -> (c.status = 'on_leave', c.since, c.source), arrayFilter(c -> c.status != 'active', answers))[1] AS person,
        arraySort(arrayMap(c -> c.source, arrayFilter(c -> c.status = 'active' AND c.source != 'docusign', answers))) AS contradicting
    FROM answered
    WHERE arrayExists(c -> c.status != 'active', answers)
),
reasoned AS
(
    SELECT
        *,
        multiIf(
            person.kind IN ('shared_mailbox', 'room', 'service') AND NOT person.was_person, 'disabled_by_design',
            arrayExists(g -> has(arrayMap(e -> lowerUTF8(e), {excepted_groups:Array(String)}), lowerUTF8(g)), arrayFlatten(arrayMap(c -> c.groups, answers))), 'excepted_group',
            toUnixTimestamp64Milli(ts) < toUnixTimestamp64Milli(person.since) + 60000 * toInt64({grace_minutes:UInt32}), 'sync_grace',
            '') AS excused
    FROM found
),
judged AS
(
    SELECT
        * EXCEPT excused,
        if(excused = '' AND progress
            AND countIf(NOT progress AND activity != 'failed_logon' AND integration_key = '' AND ip_address != '')
                OVER (PARTITION BY tenant, user_id, ip_address ORDER BY toInt64(toUnixTimestamp64Milli(ts)) RANGE BETWEEN 43200000 PRECEDING AND 43200000 FOLLOWING) = 0,
            'envelope_progress', excused) AS reason
    FROM reasoned
),
marked AS
(
    SELECT
        *,
        toUnixTimestamp64Milli(ts) - toUnixTimestamp64Milli(lagInFrame(ts) OVER earlier) > {quiet_ms:UInt64} AS begins
    FROM judged
    WINDOW earlier AS (PARTITION BY tenant, user_id, reason ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id, reason ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS number
    FROM marked
),
series AS
(
    SELECT
        tenant, user_id, reason,
        arraySort(groupArray((ts, event_id))) AS members,
        argMaxIf(user_email, (ts, event_id), user_email != '') AS event_email, argMaxIf(user_name, (ts, event_id), user_name != '') AS event_name,
        argMax(person, (ts, event_id)) AS leaver,
        argMin(person, (ts, event_id)) AS leaver_at_first,
        argMax(has(person.ids, user_id), (ts, event_id)) AS by_id,
        argMax(arraySort(arrayFilter(a -> has(person.known, a), addresses)), (ts, event_id)) AS matching,
        argMax(arrayMap(c -> (c.source, c.status), answers), (ts, event_id)) AS said,
        argMax(contradicting, (ts, event_id)) AS against,
        sumMap(map(activity, toUInt64(1))) AS activities, sumMapIf(map(activity, toUInt64(1)), integration_key = '') AS own_activities, countIf(integration_key = '' AND administrative) AS own_administrative,
        arraySort(groupUniqArrayIf(integration_key, integration_key != '')) AS keys,
        arraySort(groupUniqArrayIf(ip_address, ip_address != '')) AS addresses_used,
        arraySort(groupUniqArrayIf(network, network != '')) AS networks,
        arraySort(groupUniqArrayIf(country, country != '')) AS countries,
        arraySort(groupUniqArrayIf(browser, browser != '')) AS browsers,
        countIf(integration_key = '') AS own,
        countIf(integration_key = '' AND activity IN ('failed_logon', 'logoff')) AS own_attempts,
        countIf(activity = 'failed_logon') AS failures,
        countIf(integration_key = '' AND loot) AS own_loot,
        countIf(integration_key != '') AS granted,
        countIf(integration_key != '' AND (administrative OR activity IN ('export', 'impersonation'))) AS granted_work,
        countIf(administrative) AS administrative_acts
    FROM
    (
        SELECT
            *,
            administrative OR activity IN ('download', 'send', 'export', 'impersonation', 'delete', 'permission', 'settings', 'connect', 'integration', 'user_management', 'group_management') AS loot
        FROM numbered
    )
    GROUP BY tenant, user_id, reason, number
),
weighed AS
(
    SELECT
        *,
        greatest(
            multiIf(own = 0, 0, own_loot > 0, 3, own > own_attempts, 2, 1),
            multiIf(granted = 0, 0, granted_work > 0, 3, 2)) AS worst,
        multiIf(leaver.status = 'on_leave', 'on leave', leaver.status) AS status_words,
        leaver.status = 'on_leave' AS away,
        leaver.kind = 'guest' AS guest,
        -- 1 low, 2 medium, 3 high
        toUInt8(greatest(1, toInt16(worst) - away - guest - notEmpty(against))) AS level,
        arrayFilter(w -> w != '', [
            if(mapContains(own_activities, 'export'), concat('exported data', multiIf(own_activities['export'] = 1, '', own_activities['export'] = 2, ' twice', concat(' ', toString(own_activities['export']), ' times'))), ''),
            if(mapContains(own_activities, 'download'), concat('downloaded ', toString(own_activities['download']), if(own_activities['download'] = 1, ' document', ' documents')), ''),
            if(mapContains(own_activities, 'send'), concat('sent ', toString(own_activities['send']), if(own_activities['send'] = 1, ' envelope', ' envelopes')), ''),
            if(own_administrative > 0, 'changed the account', '')]) AS loot_words,
        (toUnixTimestamp64Milli(members[1].1) - toUnixTimestamp64Milli(leaver_at_first.since)) / 3.6e6 AS hours,
        leaver_at_first.since <= toDateTime64('1970-01-01 00:00:00', 3, 'UTC') AS since_ever,
        multiIf(event_email != '', event_email, leaver.user_name != '', leaver.user_name, notEmpty(leaver.known), leaver.known[1], event_name != '', event_name, leaver.display_name != '', leaver.display_name, concat('User ', user_id)) AS who,
        multiIf(hours < 2, concat(toString(round(hours * 60)), ' minutes'), hours < 48, concat(toString(round(hours)), ' hours'), concat(toString(round(hours / 24)), ' days')) AS later
    FROM series
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    if(event_email != '', event_email, if(position(leaver.user_name, '@') > 0, lowerUTF8(leaver.user_name), if(notEmpty(leaver.known), leaver.known[1], ''))) AS subject_email,
    if(event_name != '', event_name, leaver.display_name) AS subject_name,
    members[1].2 AS finding_key,
    members[1].1 AS anchor_time,
    anchor_time AS start_time,
    members[-1].1 AS end_time,
    arraySlice(arrayMap(m -> m.2, members), 1, 100) AS event_ids,
    toUInt64(length(members)) AS event_count,
    toFloat64(level) AS score,
    ['low', 'medium', 'high'][level] AS severity,
    concat(
        multiIf(
            own = 0, concat(if(length(keys) = 1, concat('Application ', keys[1]), concat(toString(length(keys)), ' applications')), ' acted in the name of ', who),
            concat(who, multiIf(
                own = failures, concat(' tried to log on', if(failures > 1, concat(' ', toString(failures), ' times'), '')),
                own = own_attempts, ' logged off',
                own_loot > 0 AND notEmpty(loot_words), concat(' ', arrayStringConcat(arraySlice(loot_words, 1, -1), ', '), if(length(loot_words) > 1, ' and ', ''), loot_words[-1]),
                mapContains(activities, 'logon'), ' logged on',
                ' was active'))),
        if(since_ever, concat(', who is ', status_words), concat(' ', later, ' after ',
            -- a directory that has a day of leaving, and one that disables, say the same
            multiIf(leaver.status = 'disabled', concat(if(own = 0, 'the access of that person', 'access'), ' should have ended'), own = 0, concat('that person was ', status_words), concat('being ', status_words)))),
        if(leaver.status = 'disabled' AND NOT since_ever, ', by the directory ', ' in the directory '), leaver.source,
        if(granted > 0 AND own > 0, ', and an application acts in the person''s name', '')) AS title,
    concat(
        multiIf(
            own_loot > 0, 'Access that should have ended was used to take, send or change something',
            granted_work > 0, 'A grant that outlived the person was used for administration or export',
            own > own_attempts, 'Access that should have ended works',
            granted > 0, 'An application still acts in the name of somebody who has left; that may be a service that nobody moved',
            own > failures, 'A session was ended that should have ended before',
            'Nothing but failed log-ons'),
        if(away, '; the person is on leave, not gone', ''),
        if(guest, '; the person is a guest, whose DocuSign user may belong to another organisation', ''),
        if(notEmpty(against), concat('; ', arrayStringConcat(against, ' and '), if(length(against) = 1, ' calls', ' call'), ' the person active'), ''),
        '.') AS severity_reason,
    toJSONString(CAST((
            arrayFilter(p -> p != '', [if(own > own_attempts, 'own_access', ''), if(granted > 0, 'surviving_grant', ''), if(own_attempts > 0 AND own = own_attempts, 'attempts_only', '')]),
            (leaver.status, if(since_ever, '', formatDateTime(leaver_at_first.since, '%FT%TZ')), leaver.source, leaver.id, leaver.kind, leaver.user_name, leaver.display_name, leaver.role),
            if(by_id, 'docusign_user_id', 'email'), if(by_id, user_id, if(empty(matching), '', matching[1])),
            if(since_ever, 0, round(hours, 2)),
            notEmpty(against), arrayMap(s -> concat(s.1, ': ', s.2), said),
            activities, keys, own, granted, failures, administrative_acts,
            arraySlice(addresses_used, 1, 20), arraySlice(networks, 1, 20), arraySlice(countries, 1, 20), arraySlice(browsers, 1, 20), arraySlice(leaver.groups, 1, 50),
            {grace_minutes:UInt32}, severity_reason
        ),
        'Tuple(patterns Array(String), directory Tuple(status String, since String, source String, id String, kind String, userName String, displayName String, role String),
            matchedBy String, alias String, hoursSinceLeaving Float64, sourcesDisagree Bool, sources Array(String),
            activities Map(String, UInt64), integrationKeys Array(String), ownActivities UInt64, activitiesOfApplications UInt64, failedLogons UInt64, administrativeActs UInt64,
            ipAddresses Array(String), networks Array(String), countries Array(String), browsers Array(String), groups Array(String), graceMinutes UInt32, severityReason String)')) AS evidence,
    if(reason = '', CAST([], 'Array(String)'), [reason]) AS suppressed_by
FROM weighed
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
