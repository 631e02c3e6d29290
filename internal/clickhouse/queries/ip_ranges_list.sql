SELECT tenant, source, prefix, name, category, tags, confidence, valid_from, valid_to, isp, asn, country, country_name, city, has_coordinates, latitude, longitude, radius_km
FROM ip_ranges FINAL
WHERE NOT removed AND tenant = {tenant:String} AND (source, prefix, valid_from) > ({after_source:String}, {after_prefix:String}, {after_from:DateTime64(7, 'UTC')})
    AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)})
ORDER BY source, prefix, valid_from
LIMIT {limit:UInt32}
