SELECT count() AS total
FROM alerts
WHERE tenant = {tenant:String}
    AND state IN {states:Array(String)}
    AND (empty({detections:Array(String)}) OR detection IN {detections:Array(String)})
    AND (empty({subject_ids:Array(String)}) OR subject_id IN {subject_ids:Array(String)})
    AND severity IN {severities:Array(String)}
    AND end_time >= {start:DateTime64(7, 'UTC')} AND start_time < {end:DateTime64(7, 'UTC')}
