SELECT count() AS events, max(ts) AS watermark FROM events WHERE tenant = {tenant:String} AND held_until <= {line:DateTime64(7, 'UTC')}
