SELECT tenant, source, prefix, name, category, tags, confidence, valid_from, valid_to, isp, asn, country, country_name, city, has_coordinates, latitude, longitude, radius_km
FROM ip_ranges FINAL
WHERE NOT removed AND tenant = {tenant:String} AND source = {source:String}
