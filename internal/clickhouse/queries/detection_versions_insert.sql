INSERT INTO detection_versions (tenant, detection, revision, valid_from, valid_to, sql, affected, look_back, look_ahead, arguments, subjects, inputs, scope, attributes, hash, made_at, made_by)
