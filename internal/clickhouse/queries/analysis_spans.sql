-- What changed, by subject: new events that are not held, and events whose place they took. The skip index on sequence leaves
-- the old parts out.
SELECT
    subject.1 AS subject_type,
    subject.2 AS subject_id,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    groupUniqArray(activity) AS activities,
    groupUniqArray(place_kind) AS place_kinds,
    max(administrative) AS some_administrative
FROM
(
    SELECT ts, user_id, ip_address, integration_key, activity, place_kind, administrative,
        if(user_id IN ('', '0', '00000000-0000-0000-0000-000000000000') AND ip_address = '' AND integration_key = '', multiIf(account_id != '', account_id, organization_id != '', organization_id, toString(tenant)), '') AS account, account_id AS whole_account, envelope_id AS envelope
    FROM events
    WHERE tenant = {tenant:String} AND sequence > {after:UInt64} AND sequence <= {upto:UInt64} AND held_until <= {line:DateTime64(7, 'UTC')}
    UNION ALL
    SELECT ts, user_id, ip_address, integration_key, activity, place_kind, administrative, account, account_id AS whole_account, envelope_id AS envelope
    FROM event_conflicts
    WHERE tenant = {tenant:String} AND replaced_by > {after:UInt64} AND replaced_by <= {upto:UInt64}
)
ARRAY JOIN arrayFilter(s -> s.2 != '', [('user', user_id), ('address', ip_address), ('integration', integration_key), ('organization', account), ('account', if({wider:Bool}, whole_account, '')), ('envelope', if({wider:Bool}, envelope, ''))]) AS subject
GROUP BY subject_type, subject_id
