SELECT count() AS held, min(ts) AS earliest FROM events WHERE tenant = {tenant:String} AND ts > {line:DateTime64(7, 'UTC')}
