INSERT INTO ip_networks (generation, prefix, tenants, sources, categories, tags, since, until)
