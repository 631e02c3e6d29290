-- Months with events that do not lie where the operator's ranges say now, or lie where they do not say any more.
SELECT toYYYYMM(ts) AS month, count() AS events
FROM
(
    SELECT
        ts,
        arrayFirstIndex((o, s, u) -> o = tenant AND s <= ts AND ts < u, dictGet('ip_placements', 'tenants', ip), dictGet('ip_placements', 'since', ip), dictGet('ip_placements', 'until', ip)) AS cell,
        dictGet('ip_placements', 'located_by', ip)[cell] AS place, dictGet('ip_placements', 'network_by', ip)[cell] AS network
    FROM events
    WHERE tenant = {tenant:String} AND (dictHas('ip_placements', ip) OR geo.place_kind != '')
        AND (if(geo.place_kind != '' AND startsWith(located_by, 'operator '), toString(located_by), '') != place OR if(geo.place_kind != '' AND startsWith(network_by, 'operator '), toString(network_by), '') != network)
)
GROUP BY month
ORDER BY month
