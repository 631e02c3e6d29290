SELECT tenant, source, prefix, name, category, tags, confidence, valid_from, valid_to
FROM ip_ranges FINAL
WHERE NOT removed AND tenant = {tenant:String} AND source = {source:String}
