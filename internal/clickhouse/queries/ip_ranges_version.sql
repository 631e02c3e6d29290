SELECT (SELECT max(version) FROM ip_ranges) AS version, (SELECT max(generation) FROM ip_networks) AS generation
