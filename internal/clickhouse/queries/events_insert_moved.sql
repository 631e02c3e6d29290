INSERT INTO events
(
    tenant, source, trust, event_id, sequence, ts, arrival_time, content_hash, site, account_id, organization_id, user_id, user_name, user_email,
    integration_key, affected_user_id, referenced_user_id, object, action, property, field, result, channel, activity, administrative,
    ip_address, ip, asn, as_organization, place_kind, country, country_name, region, city, latitude, longitude, accuracy_km, located_by, network_by,
    user_agent, browser, os, device_type, proxy_status, proxy_type, proxy_level, user_in_domain, affected_user_in_domain, referenced_user_in_domain,
    envelope_id, alert_event_ids, alert_severity, data, raw, geo
)
