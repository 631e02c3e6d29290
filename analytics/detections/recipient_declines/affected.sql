-- Whose findings depend on what recipients do: the senders of their envelopes.
SELECT 'user' AS subject_type, affected_user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'decline' AND affected_user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
    -- of no use without users, addresses and integrations, which every affected.sql is given
    AND length({users:Array(String)}) + length({addresses:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY affected_user_id
