SELECT count() AS held, min(held_until) AS earliest FROM events WHERE tenant = {tenant:String} AND held_until > {line:DateTime64(7, 'UTC')}
