-- Whose steps depend on the changed users as colleagues: those who are later on a network on which a changed user was on a
-- changed day. Of events of today nobody's steps depend before tomorrow: without later events nothing is read.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String}
    AND ts >= CAST(toDate32({from:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') + toIntervalDay(1) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(33)
    AND (asn, country) IN
    (
        SELECT asn, country
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id IN {users:Array(String)}
            AND ts >= CAST(toDate32({from:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') AND ts < CAST(toDate32({to:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') + toIntervalDay(1)
            AND asn != 0 AND place_kind = 'user' AND integration_key = ''
    )
    AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000') AND place_kind = 'user' AND integration_key = ''
    AND activity NOT IN ('failed_logon', 'docusign_alert')
    -- of no use without addresses and integrations, which every affected.sql is given
    AND length({addresses:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
