-- What users did, and what was done to them, the first first.
SELECT ts, event_id, user_id NOT IN {users:Array(String)} AS concerned
FROM events
WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(7, 'UTC')} AND ts < {to:DateTime64(7, 'UTC')}
    AND (user_id IN {users:Array(String)} OR affected_user_id IN {users:Array(String)})
    AND (ts, event_id) > ({after_ts:DateTime64(7, 'UTC')}, {after_id:String})
ORDER BY ts, event_id
LIMIT {limit:UInt32}
