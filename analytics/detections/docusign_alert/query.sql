-- One row per alert of DocuSign's own. Its numbers are texts in most records.
WITH raised AS
(
    SELECT
        *,
        multiIf(user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), 'user', ip_address != '', 'address', integration_key != '', 'integration', 'organization') AS about,
        multiIf(user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), user_id, ip_address != '', ip_address, integration_key != '', integration_key, account_id != '', account_id, organization_id != '', organization_id, toString(tenant)) AS about_id,
        toFloat64OrZero(trim(BOTH '"' FROM JSONExtractRaw(data, 'Count'))) AS said_count,
        toFloat64OrZero(trim(BOTH '"' FROM JSONExtractRaw(data, 'Avg'))) AS said_average,
        -- "inf" and "nan" are numbers to the engine
        if(isFinite(said_count), said_count, 0) AS counted,
        if(isFinite(said_average), said_average, 0) AS average,
        -- TooManyLoginFailures reads better as words
        lowerUTF8(replaceRegexpAll(action, '([a-z0-9])([A-Z])', '\\1 \\2')) AS words,
        -- the names that are known to occur: what happened, what DocuSign's rule is, what to do next
        lower(toString(action)) AS rule,
        [if(counted > 0, concat(' failed to log on ', toString(counted), if(counted = 1, ' time', ' times')), ' failed to log on too often'),
                if(counted > 0, concat(' deleted ', toString(counted), if(counted = 1, ' envelope', ' envelopes')), ' deleted too many envelopes'),
                ' acted from outside the trusted addresses', ' has a password that was found in a leak', ' sent an envelope and signed it'][indexOf(['toomanyloginfailures', 'toomanyenvelopesdeleted', 'ipaddressoutsideallowedranges', 'credentialleakdetected', 'samesenderandsigner'], rule)] AS happened,
        transform(rule, ['toomanyloginfailures', 'toomanyenvelopesdeleted', 'ipaddressoutsideallowedranges', 'credentialleakdetected', 'samesenderandsigner'],
            ['More log-ons failed than DocuSign''s rule allows.', 'More envelopes were deleted than DocuSign''s rule allows, and than is normal for the user.',
                'Somebody acted from an address outside the ranges that are trusted in DocuSign Monitor.', 'A password of the user was found in a leak.', 'The sender of an envelope signed it as well.'],
            'A rule of DocuSign''s own was met; its name is all that is known of it.') AS meaning,
        transform(rule, ['toomanyloginfailures', 'toomanyenvelopesdeleted', 'ipaddressoutsideallowedranges', 'credentialleakdetected', 'samesenderandsigner'],
            ['See whether a log-on succeeded afterwards, and from where; if it was not the user, reset the password and end the sessions.',
                'Ask the user whether that was wanted; what was not, restore from the deleted envelopes at once, before DocuSign purges them.',
                'Find out whose address it is. If it is the organisation''s, add it to the trusted ranges in DocuSign Monitor; otherwise look at what was done from it.',
                'Reset the password at once, also where it is used elsewhere, and look at what was done in the user''s name since.',
                'Read the envelope: one person may have stood for both sides of an agreement.'],
            'Look the alert up in DocuSign Monitor, and look at the events that it names.') AS advice,
        arrayDistinct(arrayFilter(i -> i != '' AND i != event_id, alert_event_ids)) AS named
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
        AND activity = 'docusign_alert'
)
SELECT
    tenant,
    about AS subject_type,
    about_id AS subject_id,
    if(about = 'user', user_email, '') AS subject_email,
    if(about = 'user', user_name, '') AS subject_name,
    event_id AS finding_key,
    ts AS anchor_time,
    ts AS start_time,
    ts AS end_time,
    -- the alert comes after what it is about
    arrayConcat(arraySlice(named, 1, 99), [event_id]) AS event_ids,
    toUInt64(length(named) + 1) AS event_count,
    if(counted > 0 AND average > 0, round(least(counted / average, 1e9), 2), 1) AS score,
    multiIf(
        lower(alert_severity) IN ('informational', 'low', 'medium', 'high', 'critical'), lower(alert_severity),
        -- some records have none
        action ILIKE '%credential%leak%', 'high', 'medium') AS severity,
    concat(
        if(happened != '',
            concat(multiIf(subject_email != '', subject_email, subject_name != '', subject_name, about = 'user', concat('User ', about_id), about = 'address', concat('Somebody at ', about_id), about = 'integration', concat('Application ', about_id), concat('Somebody in account ', about_id)),
                happened, if(counted > 0 AND average > 0, concat(', where ', toString(average), if(average = 1, ' is', ' are'), ' usual'), ''), ', DocuSign reports'),
            concat('DocuSign reports ', if(words = '', 'an alert', concat('"', words, '"')), ' about ',
                multiIf(subject_email != '', subject_email, subject_name != '', subject_name, about = 'user', concat('user ', about_id), about = 'address', concat('address ', about_id), about = 'integration', concat('application ', about_id), concat('account ', about_id)),
                if(counted > 0, concat(': it counted ', toString(counted), if(average > 0, concat(', where ', toString(average), if(average = 1, ' is', ' are'), ' usual'), '')), ''))),
        if(about = 'user' AND ip_address != '', concat(', from ', ip_address, if(city != '', concat(' in ', initcapUTF8(city)), '')), '')) AS title,
    toJSONString(CAST((
            action, meaning, advice, alert_severity, counted, average, length(named), ip_address, country, city, as_organization, browser, os,
            envelope_id, JSONExtractString(data, 'EnvelopeType'), JSONExtractString(data, 'SignerUserId'), JSONExtractString(data, 'SignerIp'), JSONExtractString(data, 'SignerUserAgent'),
            multiIf(lower(alert_severity) IN ('informational', 'low', 'medium', 'high', 'critical'), 'DocuSign gives this severity.', action ILIKE '%credential%leak%', 'DocuSign gives none, and a password has leaked.', 'DocuSign gives no severity that is known.')
        ),
        'Tuple(alert String, docusignSays String, nextStep String, docusignSeverity String, count Float64, average Float64, namedEvents UInt64, ipAddress String, country String, city String, network String, browser String, os String,
            envelopeId String, envelopeType String, signerUserId String, signerIpAddress String, signerUserAgent String, severityReason String)')) AS evidence,
    if(has(splitByRegexp('\\s*,\\s*', lower(trimBoth({ignored_alerts:String}))), lower(action)) AND action != '', ['ignored_alert'], CAST([], 'Array(String)')) AS suppressed_by
FROM raised
WHERE (empty({subjects:Array(String)}) OR about_id IN {subjects:Array(String)})
