SELECT ts, activity, object, action, result, ip_address, country, city, browser, envelope_id
FROM events
WHERE user_id = {user:String}
    AND ts BETWEEN {at:DateTime64(3, 'UTC')} - toIntervalHour({hours:UInt32}) AND {at:DateTime64(3, 'UTC')} + toIntervalHour({hours:UInt32})
ORDER BY ts, event_id
