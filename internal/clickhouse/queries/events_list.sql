SELECT
    source, event_id, sequence, ts, arrival_time, site, account_id, organization_id, user_id, user_name, user_email,
    integration_key, affected_user_id, referenced_user_id, object, action, property, field, result, channel, activity, administrative,
    ip_address, asn, as_organization, place_kind, country, country_name, region, city, latitude, longitude, accuracy_km, located_by, network_by,
    user_agent, browser, os, device_type, proxy_status, proxy_type, proxy_level, envelope_id, alert_event_ids, alert_severity, data,
    if({full:Bool}, raw, '') AS record,
    geo.place_kind, geo.country, geo.country_name, geo.region, geo.city, geo.latitude, geo.longitude, geo.accuracy_km, geo.located_by, geo.asn, geo.as_organization, geo.network_by
FROM events
WHERE tenant = {tenant:String}
    AND ts >= {start:DateTime64(7, 'UTC')} AND ts < {end:DateTime64(7, 'UTC')}
    AND (ts, event_id) < ({after_ts:DateTime64(7, 'UTC')}, {after_id:String})
    AND (empty({user_ids:Array(String)}) OR user_id IN {user_ids:Array(String)})
    AND (empty({ip_addresses:Array(String)}) OR ip IN arrayMap(a -> toIPv6(a), {ip_addresses:Array(String)}))
    AND (empty({activities:Array(String)}) OR activity IN {activities:Array(String)})
    AND (empty({countries:Array(String)}) OR country IN {countries:Array(String)})
    AND (empty({objects:Array(String)}) OR object IN {objects:Array(String)})
    AND (empty({actions:Array(String)}) OR action IN {actions:Array(String)})
    AND (empty({ids:Array(String)}) OR event_id IN {ids:Array(String)})
    AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)})
ORDER BY ts DESC, event_id DESC
LIMIT {limit:UInt32}
