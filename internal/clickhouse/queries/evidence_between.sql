-- Whom the events belong to that may be evidence of alerts, each about a subject within a span; of one that no event names (key '*'), all events of its
-- span. All spans are one question, which reads the months that they lie in once.
SELECT subject.1 AS subject_type, subject.2 AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM
(
    SELECT e.ts AS ts, arrayJoin(e.subjects) AS subject
    FROM
    (
        SELECT ts, arrayFilter(s -> s.2 != '' AND s.1 IN {types:Array(String)}, [('user', user_id), ('address', ip_address), ('integration', integration_key), ('account', account_id), ('envelope', envelope_id)]) AS subjects,
            arrayJoin([concat('user ', user_id), concat('user ', affected_user_id), concat('user ', referenced_user_id), concat('address ', ip_address), concat('integration ', integration_key), '*']) AS key
        FROM events
        WHERE tenant = {tenant:String} AND toYYYYMM(ts) IN {months:Array(UInt32)} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
            AND (has({keys:Array(String)}, '*') OR user_id IN {users:Array(String)} OR affected_user_id IN {users:Array(String)} OR referenced_user_id IN {users:Array(String)}
                OR ip_address IN {addresses:Array(String)} OR integration_key IN {integrations:Array(String)})
    ) AS e
    INNER JOIN
    (
        SELECT a.1 AS key, toDateTime64(a.2, 7, 'UTC') AS since, toDateTime64(a.3, 7, 'UTC') AS until
        FROM (SELECT arrayJoin(arrayZip({keys:Array(String)}, {froms:Array(String)}, {tos:Array(String)})) AS a)
    ) AS s ON s.key = e.key
    WHERE e.ts >= s.since AND e.ts <= s.until
)
GROUP BY subject_type, subject_id
