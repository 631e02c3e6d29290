INSERT INTO ip_networks (generation, prefix, tenants, sources, names, categories, tags, confidences, since, until)
