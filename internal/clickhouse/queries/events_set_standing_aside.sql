-- Keeps the standing records whose place others take, before they do; also those with the same content, by which Settle
-- finds what was cut short. The analysis looks again at those whom they concerned.
INSERT INTO event_conflicts (tenant, event_id, content_hash, source, trust, ts, arrival_time, raw, replaced_by, user_id, ip_address, integration_key, activity, place_kind, administrative, account, account_id, envelope_id)
SELECT tenant, event_id, content_hash, source, trust, ts, arrival_time, raw,
    arrayElement({winners:Array(UInt64)}, indexOf({ids:Array(String)}, event_id)), user_id, ip_address, integration_key, activity, place_kind, administrative,
    if(user_id IN ('', '0', '00000000-0000-0000-0000-000000000000') AND ip_address = '' AND integration_key = '', multiIf(account_id != '', account_id, organization_id != '', organization_id, toString(tenant)), ''), account_id, envelope_id
FROM events
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} AND sequence NOT IN {winners:Array(UInt64)}
