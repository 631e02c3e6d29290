-- Places, addresses, networks and devices of what users did, and whether they had them in the ninety days before: what failed, and what others
-- did about them, makes nothing known.
SELECT
    trait.1 AS kind, trait.2 AS value,
    argMaxIf(trait.3, ts, inside) AS label,
    countIf(inside) AS number,
    minIf(ts, inside) AS first_seen, maxIf(ts, inside) AS last_seen,
    countIf(proves) = 0 AS is_new
FROM
(
    SELECT
        ts, ts >= {from:DateTime64(7, 'UTC')} AS inside,
        NOT inside AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication') AS proves,
        arrayJoin([
            ('place', if(place_kind = 'user' AND country != '', concat(city, if(city != '', ', ', ''), country), ''), toString(country_name)),
            ('address', ip_address, toString(as_organization)),
            ('network', if(asn = 0, '', toString(asn)), toString(as_organization)),
            ('device', trimBoth(concat(toString(browser), if(browser != '' AND os != '', ' on ', ''), toString(os))), toString(device_type))]) AS trait
    FROM events
    WHERE tenant = {tenant:String} AND user_id IN {users:Array(String)}
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(90) AND ts < {to:DateTime64(7, 'UTC')}
)
WHERE value != ''
GROUP BY kind, value
HAVING number > 0
ORDER BY kind, number DESC, value
LIMIT 50 BY kind
