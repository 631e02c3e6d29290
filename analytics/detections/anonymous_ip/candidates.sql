-- The users who were at an address about which anything is said.
SELECT DISTINCT user_id AS subject_id
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
    AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({series_us:UInt64}) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({series_us:UInt64})
    AND ip_address != '' AND dictHas('ip_intelligence', ip)
