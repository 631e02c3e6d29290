-- Events in the order of arrival, of those that are to be forwarded; the columns are those of events_list. While a place is put right two rows may
-- stand for one event.
SELECT
    source, event_id, sequence, ts, arrival_time, site, account_id, organization_id, user_id, user_name, user_email,
    integration_key, affected_user_id, referenced_user_id, object, action, property, field, result, channel, activity, administrative,
    ip_address, asn, as_organization, place_kind, country, country_name, region, city, latitude, longitude, accuracy_km, located_by, network_by,
    user_agent, browser, os, device_type, proxy_status, proxy_type, proxy_level, envelope_id, alert_event_ids, alert_severity, data,
    '' AS record,
    geo.place_kind, geo.country, geo.country_name, geo.region, geo.city, geo.latitude, geo.longitude, geo.accuracy_km, geo.located_by, geo.asn, geo.as_organization, geo.network_by
FROM events
WHERE tenant = {tenant:String}
    AND sequence > {after:UInt64} AND sequence <= {up_to:UInt64}
    AND ts >= {since:DateTime64(7, 'UTC')}
    AND (empty({activities:Array(String)}) AND NOT {administrative:Bool} OR activity IN {activities:Array(String)} OR {administrative:Bool} AND administrative)
    AND
    (
        empty({users:Array(String)})
        OR user_id IN {users:Array(String)} OR affected_user_id IN {users:Array(String)}
        OR lower(user_email) IN {names:Array(String)} OR lowerUTF8(user_name) IN {names:Array(String)}
        OR user_id IN (SELECT arrayJoin(docusign_user_ids) FROM directory_users FINAL WHERE tenant = {tenant:String} AND NOT removed AND (hasAny(emails, {names:Array(String)}) OR lowerUTF8(display_name) IN {names:Array(String)}))
        OR affected_user_id IN (SELECT arrayJoin(docusign_user_ids) FROM directory_users FINAL WHERE tenant = {tenant:String} AND NOT removed AND (hasAny(emails, {names:Array(String)}) OR lowerUTF8(display_name) IN {names:Array(String)}))
    )
ORDER BY sequence
LIMIT 1 BY sequence
