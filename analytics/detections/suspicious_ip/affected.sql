-- Log-ons at an address concern everybody who is active there within a day.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id != ''
    AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
    AND ip_address IN
    (
        SELECT ip_address
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND ip_address IN {addresses:Array(String)}
            AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(25) AND ts <= {to:DateTime64(7, 'UTC')} AND activity = 'failed_logon'
    )
    -- of no use without users and integrations, which every affected.sql is given
    AND length({users:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
