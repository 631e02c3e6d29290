INSERT INTO policies (tenant, id, version, policy, file, since, created_at, updated_at, author, removed)
