SELECT detection, count() AS active FROM alerts WHERE tenant = {tenant:String} AND state IN ('new', 'in_progress', 'resolved') GROUP BY detection
