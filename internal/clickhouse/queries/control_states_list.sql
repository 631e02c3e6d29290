SELECT scope, object_id, kind, account_id, name, state, chain, removed, seen_time, version
FROM control_states FINAL
WHERE tenant = {tenant:String} AND source = {source:String}
ORDER BY scope, object_id
