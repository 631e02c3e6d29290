-- The users with enough days to be judged who were on a network with which they were not familiar that day.
WITH
used AS
(
    SELECT
        user_id, toInt32(toDate(ts)) AS day,
        multiIf(asn != 0, concat('AS', toString(asn)), startsWith(toString(ip), '::ffff:'), toString(IPv6CIDRToRange(ip, 120).1), toString(IPv6CIDRToRange(ip, 64).1)) AS network
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(33) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(30)
        AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
        AND integration_key = '' AND NOT (browser = '' AND lower(channel) = 'api') AND ip_address != '' AND place_kind != 'server'
    GROUP BY user_id, day, network
)
SELECT DISTINCT user_id AS subject_id
FROM
(
    SELECT
        user_id, day,
        count() OVER (PARTITION BY user_id, network ORDER BY day RANGE BETWEEN 30 PRECEDING AND 1 PRECEDING) AS network_days,
        -- the first row of a day counts for it
        toInt64(sum(first) OVER (PARTITION BY user_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
            - toInt64(sum(first) OVER (PARTITION BY user_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 31 PRECEDING)) AS user_days
    FROM (SELECT *, row_number() OVER (PARTITION BY user_id, day ORDER BY network) = 1 AS first FROM used)
)
WHERE day >= toInt32(toDate32({from:DateTime64(7, 'UTC')} - toIntervalHour(30))) AND network_days < {familiar_days:UInt32} AND user_days >= {history_days:UInt32}
