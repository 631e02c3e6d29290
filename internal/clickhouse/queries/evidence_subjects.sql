-- Whom events by their ids belong to. All of them lie in the span.
SELECT subject.1 AS subject_type, subject.2 AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
ARRAY JOIN arrayFilter(s -> s.2 != '', [('user', user_id), ('address', ip_address), ('integration', integration_key), ('account', account_id), ('envelope', envelope_id)]) AS subject
WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} AND event_id IN {ids:Array(String)} AND subject_type IN {types:Array(String)}
GROUP BY subject_type, subject_id
