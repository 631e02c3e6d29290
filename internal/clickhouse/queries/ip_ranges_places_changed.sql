SELECT count() FROM ip_ranges WHERE tenant = {tenant:String} AND version > {after:UInt64} AND source = 'operator' AND places
