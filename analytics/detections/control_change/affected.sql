-- Applications, addresses and accounts are told of changes only where the record names no user.
SELECT subject.1 AS subject_type, subject.2 AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM
(
    SELECT ts, if(integration_key != '', ('integration', integration_key), ('address', ip_address)) AS subject
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
        AND activity IN ('connect', 'integration', 'permission', 'settings', 'user_management', 'group_management', 'create', 'update', 'delete', 'impersonation', 'unknown')
    UNION ALL
    -- what stands and may have lost its events to other records
    SELECT {from:DateTime64(7, 'UTC')}, (subject_type, subject_id)
    FROM alert_history
    WHERE tenant = {tenant:String} AND detection = 'control_change'
        AND (subject_type = 'address' AND subject_id IN {addresses:Array(String)} OR subject_type = 'integration' AND subject_id IN {integrations:Array(String)})
)
WHERE subject.2 != '' AND length({users:Array(String)}) >= 0
GROUP BY subject_type, subject_id
