-- How many events of each kind that a detection can need, and how many states of the directory; the row with an empty name
-- counts all events.
SELECT input.1 AS kind, input.2 AS name, sum(counted) AS events, max(newest) AS last
FROM
(
    -- few kinds are unfolded rather than all events
    SELECT activity, place_kind, administrative, integration_key != '' AS integration, count() AS counted, max(ts) AS newest
    FROM events
    WHERE tenant = {tenant:String} AND ts > {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
    GROUP BY activity, place_kind, administrative, integration
)
ARRAY JOIN arrayFilter(i -> i.2 != '' OR i.1 = 'event', [
    ('event', ''),
    ('activity', toString(activity)),
    ('place', toString(place_kind)),
    ('administrative', if(administrative, 'yes', '')),
    ('integration', if(integration, 'yes', ''))]) AS input
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
