SELECT max(generation) AS generation FROM ip_locations
