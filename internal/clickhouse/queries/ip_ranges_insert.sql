INSERT INTO ip_ranges (tenant, source, prefix, name, category, tags, confidence, valid_from, valid_to, removed, update_time, version)
