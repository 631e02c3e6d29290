INSERT INTO hunts (tenant, id, title, description, statement, parameter_names, parameter_types, parameter_descriptions, parameter_defaults, author, created_at, updated_at, deleted, revision)
