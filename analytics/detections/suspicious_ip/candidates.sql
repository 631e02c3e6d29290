-- The users who were at an address about which anything bad is said that is judged here, or where as many log-ons failed within a window as need to.
SELECT DISTINCT user_id AS subject_id
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
    AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64}) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
    AND ip_address != ''
    AND (dictHas('ip_intelligence', ip) AND (has(dictGet('ip_intelligence', 'categories', ip), 'risky')
        OR arrayExists(g -> multiSearchAny(g, ['botnet', 'malware_cc', 'password_spray', 'darknet_scanning']), dictGet('ip_intelligence', 'tags', ip))) OR ip_address IN
    (
        SELECT ip_address
        FROM
        (
            SELECT
                ip_address, toUnixTimestamp64Milli(ts) AS at,
                count() OVER (PARTITION BY ip_address ORDER BY at RANGE BETWEEN intDiv({window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS in_window
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'failed_logon' AND ip_address != ''
                AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64} + {window_us:UInt64}) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
        )
        WHERE in_window >= {failing_users:UInt32}
    ))
