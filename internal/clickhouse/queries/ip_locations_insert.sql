INSERT INTO ip_locations (generation, prefix, tenants, since, until, located_by, countries, country_names, cities, exact, latitudes, longitudes, radii, network_by, isps, asns)
