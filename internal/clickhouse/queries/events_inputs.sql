-- How many events of each kind that a detection can need; the row with an empty name counts all.
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
