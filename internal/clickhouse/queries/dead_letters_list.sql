-- Letters that stand or wait to be sent again. An empty destination, alert or state is any.
SELECT destination, sequence, alert_id, reason, time, first_time, state, author, if({full:Bool}, payload, '') AS text
FROM dead_letters FINAL
WHERE state IN ('', 'replay')
    AND ({destination:String} = '' OR destination = {destination:String})
    AND ({alert:String} = '' OR alert_id = {alert:String})
    AND ({state:String} = '' OR state = {state:String})
    AND (destination, sequence) > ({after_destination:String}, {after_sequence:UInt64})
ORDER BY destination, sequence
LIMIT {limit:UInt32}
