-- What the events call users and applications, by what was said last. Of an application they have a name where a record of its approval or its key says one.
SELECT user_id AS id, argMaxIf(user_email, (ts, event_id), user_email != '') AS email, argMaxIf(user_name, (ts, event_id), user_name != '') AS name
FROM events
WHERE tenant = {tenant:String} AND user_id IN {users:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
    AND ts >= {first:DateTime64(7, 'UTC')} - toIntervalDay(90) AND ts <= {last:DateTime64(7, 'UTC')} AND (user_email != '' OR user_name != '')
GROUP BY user_id
UNION ALL
SELECT arrayJoin(arrayFilter(a -> integration_key = a OR position(data, a) > 0, {applications:Array(String)})) AS id, '' AS email, argMax(application, (ts, event_id)) AS name
FROM
(
    SELECT integration_key, data, ts, event_id,
        arrayFirst(n -> n != '', arrayMap(k -> JSONExtractString(data, k), ['ApplicationName', 'AppName', 'IntegratorKeyName', 'IntegrationKeyName', 'IntegrationName', 'ClientName'])) AS application
    FROM events
    PREWHERE tenant = {tenant:String} AND activity IN ('integration', 'impersonation', 'permission', 'settings') -- before the JSON of every event is read
    WHERE notEmpty({applications:Array(String)}) AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} - toIntervalDay(90) AND ts <= {last:DateTime64(7, 'UTC')} AND application != ''
)
GROUP BY id
