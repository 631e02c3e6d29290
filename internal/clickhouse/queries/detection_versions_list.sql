SELECT detection, revision, valid_from, valid_to, sql, affected, candidates, look_back, look_ahead,
    arguments.name AS argument_names, arguments.type AS argument_types, arguments.value AS argument_values,
    subjects, inputs, scope, attributes, made_at, made_by
FROM detection_versions
WHERE tenant = {tenant:String}
ORDER BY detection, revision, made_at
LIMIT 1 BY detection, revision
