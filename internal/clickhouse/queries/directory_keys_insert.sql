INSERT INTO directory_keys (tenant, key, source, directory_id)
