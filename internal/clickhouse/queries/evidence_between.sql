-- Whom the events of a span belong to that may be evidence of an alert about a subject; an alert about one that no event names may stand on any.
SELECT subject.1 AS subject_type, subject.2 AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
ARRAY JOIN arrayFilter(s -> s.2 != '', [('user', user_id), ('address', ip_address), ('integration', integration_key), ('account', account_id), ('envelope', envelope_id)]) AS subject
WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} AND subject_type IN {types:Array(String)}
    AND multiIf({about_type:String} = 'user', user_id = {about:String} OR affected_user_id = {about:String} OR referenced_user_id = {about:String},
        {about_type:String} = 'address', ip_address = {about:String}, {about_type:String} = 'integration', integration_key = {about:String}, true)
GROUP BY subject_type, subject_id
