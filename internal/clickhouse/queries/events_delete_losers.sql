-- A mutation of the whole part: a lightweight delete leaves the rows in the projection by_id, which then counts them.
ALTER TABLE events DELETE
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} AND sequence NOT IN {winners:Array(UInt64)}
SETTINGS mutations_sync = 2
