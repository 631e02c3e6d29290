-- The rates of the tenant are made of whole earlier days: a late event concerns those who administer on the 90 days after
-- it. Of events of today nobody's findings depend before tomorrow.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND activity IN ('user_management', 'permission', 'settings', 'connect', 'integration', 'group_management', 'export')
    AND ts >= CAST(toDate32({from:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') + toIntervalDay(1) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(91)
    -- of no use without users, addresses and integrations, which every affected.sql is given
    AND length({users:Array(String)}) + length({addresses:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
