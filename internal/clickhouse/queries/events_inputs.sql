-- How many events of each kind that a detection can need, and how many states of the directory; the row with an empty name
-- counts all events.
SELECT input.1 AS kind, input.2 AS name, count() AS events, max(ts) AS last
FROM events
ARRAY JOIN arrayFilter(i -> i.2 != '' OR i.1 = 'event', [
    ('event', ''),
    ('activity', toString(activity)),
    ('place', toString(place_kind)),
    ('administrative', if(administrative, 'yes', '')),
    ('integration', if(integration_key != '', 'yes', ''))]) AS input
WHERE tenant = {tenant:String} AND ts > {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
GROUP BY kind, name
UNION ALL
SELECT 'ranges' AS kind, 'yes' AS name, count() AS events, max(toDateTime64(update_time, 7, 'UTC')) AS last
FROM ip_ranges FINAL
WHERE tenant = {tenant:String} AND NOT removed
HAVING events > 0
UNION ALL
SELECT 'directory' AS kind, 'yes' AS name, count() AS events, max(toDateTime64(update_time, 7, 'UTC')) AS last
FROM directory_users
WHERE tenant = {tenant:String}
HAVING events > 0
