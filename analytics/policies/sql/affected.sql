-- What a policy looks up by user (the directory, addresses, what is new for a user) changes findings about others than the user:
-- those whom the user's events belong to.
SELECT {subject_type:String} AS subject_type, /*key*/ AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE tenant = {tenant:String} AND held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({new_us:UInt64})
    AND user_id IN {users:Array(String)} AND subject_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
GROUP BY subject_id
