SELECT destination, sequence, alert_id, reason, time, first_time, state, author, payload
FROM dead_letters FINAL
WHERE destination = {destination:String} AND sequence = {sequence:UInt64} AND state IN ('', 'replay')
