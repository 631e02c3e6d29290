-- The users with enough days to be judged who were on a network with which they were not familiar that day.
SELECT user_id AS subject_id
FROM
(
    SELECT user_id, groupArray(used) AS networks, arrayDistinct(arrayFlatten(networks)) AS days
    FROM
    (
        SELECT
            user_id,
            multiIf(asn != 0, concat('AS', toString(asn)), startsWith(toString(ip), '::ffff:'), toString(IPv6CIDRToRange(ip, 120).1), toString(IPv6CIDRToRange(ip, 64).1)) AS network,
            groupUniqArray(toInt32(toDate(ts))) AS used
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
            AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(33) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(30)
            AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
            AND integration_key = '' AND NOT (browser = '' AND lower(channel) = 'api') AND ip_address != '' AND place_kind != 'server'
        GROUP BY user_id, network
    )
    GROUP BY user_id
)
WHERE arrayExists(used -> arrayExists(d -> d >= toInt32(toDate({from:DateTime64(7, 'UTC')} - toIntervalHour(30)))
    AND arrayCount(u -> u < d AND u >= d - 30, used) < {familiar_days:UInt32} AND arrayCount(u -> u < d AND u >= d - 30, days) >= {history_days:UInt32}, used), networks)
