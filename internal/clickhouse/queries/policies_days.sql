-- How many findings of detections there are on each day of event time: raised, beyond the limit of a day, suppressed otherwise.
SELECT detection, toString(toDate(anchor_time)) AS day, countIf(empty(suppressed_by)) AS raised, countIf(suppressed_by = ['daily_limit']) AS beyond, countIf(notEmpty(suppressed_by) AND suppressed_by != ['daily_limit']) AS otherwise
FROM
(
    SELECT detection, anchor_time, suppressed_by, retracted
    FROM alert_history
    WHERE tenant = {tenant:String} AND detection IN {detections:Array(String)} AND alert_id IN
    (
        SELECT alert_id FROM alert_history WHERE tenant = {tenant:String} AND detection IN {detections:Array(String)} AND anchor_time >= {from:DateTime64(7, 'UTC')}
    )
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
)
WHERE NOT retracted AND anchor_time >= {from:DateTime64(7, 'UTC')}
GROUP BY detection, day
ORDER BY detection, day
