SELECT DISTINCT generation FROM ip_networks WHERE generation < {generation:UInt64}
