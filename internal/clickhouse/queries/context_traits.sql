-- Addresses, networks and devices of the events of each finding, and how often its subject had them on the days before, of ninety: what
-- was used on the day itself may be the attacker's. What failed, and what others did about the subject, makes nothing known: whoever guesses for
-- three days would be familiar on the fourth.
-- wanted_* are the findings, one element each; own_* are their events. A finding is known by its number n.
WITH
wanted AS
(
    SELECT
        arrayJoin(arrayZip({wanted_n:Array(UInt32)}, {wanted_types:Array(String)}, {wanted_ids:Array(String)}, {wanted_starts:Array(String)}, {wanted_ends:Array(String)})) AS w,
        w.1 AS n, w.2 AS subject_type, w.3 AS subject_id,
        toDateTime64(w.4, 7, 'UTC') AS finding_start, toDateTime64(w.5, 7, 'UTC') AS finding_end
),
touched AS
(
    SELECT 'user' AS subject_type, user_id AS subject_id, event_id, ts, arrival_time, ip_address, asn, as_organization, browser, os, device_type, activity
    FROM events
    WHERE tenant = {tenant:String} AND user_id IN {users:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} - toIntervalDay(90) AND ts <= {last:DateTime64(7, 'UTC')}
    UNION ALL
    SELECT 'address', ip_address, event_id, ts, arrival_time, ip_address, asn, as_organization, browser, os, device_type, activity
    FROM events
    WHERE tenant = {tenant:String} AND ip_address IN {addresses:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} - toIntervalDay(90) AND ts <= {last:DateTime64(7, 'UTC')}
    UNION ALL
    SELECT 'integration', integration_key, event_id, ts, arrival_time, ip_address, asn, as_organization, browser, os, device_type, activity
    FROM events
    WHERE tenant = {tenant:String} AND integration_key IN {integrations:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} - toIntervalDay(90) AND ts <= {last:DateTime64(7, 'UTC')}
)
SELECT n, kind, value, label, own_events, first_seen, length(dates) AS days, first_arrival, last_arrival, family, length(arrayDistinct(family_dates)) AS family_days
FROM
(
SELECT
    n,
    trait.1 AS kind,
    trait.2 AS value,
    trait.4 AS family,
    argMax(trait.3, (ts, event_id)) AS label,
    countIf(own) AS own_events,
    minIf(ts, proves) AS first_seen,
    groupUniqArrayIf(toDate(ts), proves) AS dates,
    -- a browser is another version every few weeks, so that detections compare devices without it; the days of all versions
    groupArrayArray(dates) OVER (PARTITION BY n, kind, family) AS family_dates,
    minIf(arrival_time, own) AS first_arrival,
    maxIf(arrival_time, own) AS last_arrival
FROM
(
    SELECT
        n, event_id, ts, arrival_time,
        toDate(ts) < toDate(finding_start) AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication') AS proves,
        (n, event_id) IN (SELECT arrayJoin(arrayZip({own_n:Array(UInt32)}, {own_ids:Array(String)}))) AS own,
        -- the empty kind carries the times of arrival of events that have none of the others
        arrayJoin([('', '', '', ''), ('address', ip_address, as_organization, ip_address), ('network', if(asn = 0, '', toString(asn)), as_organization, toString(asn)),
            ('device', trimBoth(concat(browser, if(browser != '' AND os != '', ' on ', ''), os)), toString(device_type),
                trimBoth(concat(replaceRegexpOne(browser, ' [0-9.]+$', ''), if(browser != '' AND os != '', ' on ', ''), replaceRegexpOne(os, ' [0-9.]+$', ''))))]) AS trait
    FROM touched
    INNER JOIN wanted USING (subject_type, subject_id)
    WHERE ts >= finding_start - toIntervalDay(90) AND ts <= finding_end
)
WHERE kind = '' OR value != ''
GROUP BY n, kind, value, family
)
WHERE own_events > 0
ORDER BY n, kind, own_events DESC, value
