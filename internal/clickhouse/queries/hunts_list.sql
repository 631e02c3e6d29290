SELECT tenant, id, title, description, statement, parameter_names, parameter_types, parameter_descriptions, parameter_defaults, author, created_at, updated_at, revision
FROM hunts FINAL
WHERE tenant = {tenant:String} AND NOT deleted
ORDER BY id
