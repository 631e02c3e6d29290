SELECT alert_id, sequence, severity, state, event_count, end_time, ended, finding
FROM deliveries FINAL
WHERE destination = {destination:String} AND alert_id IN {ids:Array(String)}
