DELETE FROM events
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} AND sequence NOT IN {winners:Array(UInt64)}
