-- How many findings of a detection there are on each day of event time: raised, beyond its limit of a day, suppressed otherwise.
SELECT toString(toDate(anchor_time)) AS day, countIf(empty(suppressed_by)) AS raised, countIf(suppressed_by = ['daily_limit']) AS beyond, countIf(notEmpty(suppressed_by) AND suppressed_by != ['daily_limit']) AS otherwise
FROM
(
    SELECT anchor_time, suppressed_by, retracted
    FROM alert_history
    WHERE tenant = {tenant:String} AND detection = {detection:String} AND alert_id IN
    (
        SELECT alert_id FROM alert_history WHERE tenant = {tenant:String} AND detection = {detection:String} AND anchor_time >= {from:DateTime64(7, 'UTC')}
    )
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
)
WHERE NOT retracted AND anchor_time >= {from:DateTime64(7, 'UTC')}
GROUP BY day
ORDER BY day
