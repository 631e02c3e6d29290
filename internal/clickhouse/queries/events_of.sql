SELECT count()
FROM events
WHERE tenant = {tenant:String} AND user_id IN {users:Array(String)}
