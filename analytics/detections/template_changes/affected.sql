-- Whether anybody is known to work on templates rests on the days a week before and more: a late event concerns those who change
-- templates on the days after that.
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND activity IN ('create', 'update', 'delete') AND lower(object) IN ('template', 'templates', 'envelopetemplate')
    AND ts >= CAST(toDate32({from:DateTime64(7, 'UTC')}), 'DateTime64(7, \'UTC\')') + toIntervalDay(7) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(91)
    -- of no use without users, addresses and integrations, which every affected.sql is given
    AND length({users:Array(String)}) + length({addresses:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY user_id
