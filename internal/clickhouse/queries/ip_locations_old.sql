SELECT DISTINCT generation FROM ip_locations WHERE generation < {generation:UInt64}
