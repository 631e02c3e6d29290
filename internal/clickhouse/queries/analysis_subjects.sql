-- Every subject with events in a span of time, or concerned by some.
SELECT subject.1 AS subject_type, subject.2 AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM
(
    SELECT ts, user_id, affected_user_id, ip_address, integration_key,
        if(user_id IN ('', '0', '00000000-0000-0000-0000-000000000000') AND ip_address = '' AND integration_key = '', multiIf(account_id != '', account_id, organization_id != '', organization_id, toString(tenant)), '') AS account, account_id AS whole_account, envelope_id AS envelope
    FROM events
    WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
)
ARRAY JOIN arrayFilter(s -> s.2 != '', [('user', user_id), ('user', if(affected_user_id IN ('0', '00000000-0000-0000-0000-000000000000'), '', affected_user_id)), ('address', ip_address), ('integration', integration_key), ('organization', account), ('account', whole_account), ('envelope', envelope)]) AS subject
WHERE subject_type IN {types:Array(String)}
GROUP BY subject_type, subject_id
