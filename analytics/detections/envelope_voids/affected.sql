-- Connect tells whose an envelope is and Monitor who voided it: what one says of an envelope is in the finding about the other's person.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'void' AND envelope_id != '' AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(25) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
    AND envelope_id IN
    (
        SELECT envelope_id
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'void' AND user_id IN {users:Array(String)}
            AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
    )
    -- of no use without addresses and integrations, which every affected.sql is given
    AND length({addresses:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
