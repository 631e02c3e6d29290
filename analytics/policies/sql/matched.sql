-- The events that a policy selects, with what they have in common (about) and what is counted (value).
WITH
matched AS
(
    SELECT
        tenant, /*key*/ AS about, ts, toUnixTimestamp64Micro(ts) AS t, event_id, user_id, user_email, user_name, ip_address,
        toString(country_name) AS country, toString(as_organization) AS network, toString(channel) AS way,
        if(browser = '' AND os = '', '', concat(toString(browser), ' on ', toString(os))) AS device,
        if(city = '', '', if(city = lowerUTF8(toString(city)), initcapUTF8(toString(city)), toString(city))) AS town,
        integration_key, account_id, envelope_id,
        if(activity IN ('', 'unknown'), concat(toString(object), ' ', toString(action)), replaceAll(toString(activity), '_', ' ')) AS deed,
        multiIf(affected_user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), affected_user_id, JSONExtractString(data, 'RecipientEmail')) AS target,
        toString(/*value*/) AS value/*columns*//*deeds*//*steps*/
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({back_us:UInt64})
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({ahead_us:UInt64})
        AND (empty({subjects:Array(String)}) OR about IN {subjects:Array(String)})
        AND about NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        AND (/*filter*/)
)
