-- Log-ons at an address concern everybody who is active there within the window; successes, by which people become familiar
-- with it, concern them for the days of the baseline. Both where somebody failed, or of which something is known.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(62)
    AND ip_address IN
    (
        SELECT ip_address
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND ip_address IN {addresses:Array(String)}
            AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(3) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(62)
        GROUP BY ip_address
        HAVING countIf(activity = 'failed_logon') > 0 OR notEmpty(dictGet('ip_intelligence', 'tags', any(ip)))
    )
    -- of no use without users and integrations, which every affected.sql is given
    AND length({users:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
