SELECT count() AS events, max(ts) AS watermark FROM events WHERE tenant = {tenant:String} AND ts <= {line:DateTime64(7, 'UTC')}
