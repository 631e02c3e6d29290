INSERT INTO control_states (tenant, source, scope, object_id, kind, account_id, name, state, chain, removed, seen_time, version)
