SELECT max(version) AS last FROM ip_ranges WHERE tenant = {tenant:String} AND version > {after:UInt64}
