-- An address becomes popular by what users did there on earlier days: a late event concerns those who are there later.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND ip_address IN arrayFilter(a -> notEmpty(dictGet('ip_intelligence', 'tags', toIPv6OrDefault(a))), {addresses:Array(String)})
    AND ts >= CAST(toDate32({from:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') + toIntervalDay(1) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(62)
    -- of no use without users and integrations, which every affected.sql is given
    AND length({users:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
