DELETE FROM events
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} AND content_hash NOT IN {winners:Array(UInt64)}
