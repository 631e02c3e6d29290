-- Puts the events of a month where the operator's ranges say, and back to what the geo databases or the record said where they say nothing any more. It reads what
-- was said from the column geo, so that it may be done again at any time. ingest.place does the same with an event that comes in.
-- says: whether the range takes the place of what was said; it only confirms it where it names the same country and city and no coordinates.
ALTER TABLE events UPDATE
    geo = if((arrayFirstIndex((o, s, u) -> o = tenant AND s <= ts AND ts < u, dictGet('ip_placements', 'tenants', ip), dictGet('ip_placements', 'since', ip), dictGet('ip_placements', 'until', ip)) AS cell) > 0,
        (if(tupleElement(geo, 'place_kind') != '', geo, CAST((place_kind, country, country_name, region, city, latitude, longitude, accuracy_km, located_by, asn, as_organization, network_by), toTypeName(geo))) AS said),
        defaultValueOfTypeName(toTypeName(geo))),
    place_kind = multiIf(tupleElement(said, 'place_kind') = 'server' OR NOT (
            (dictGet('ip_placements', 'located_by', ip)[cell] AS place) != ''
            AND ((dictGet('ip_placements', 'exact', ip)[cell] AS exact) OR (dictGet('ip_placements', 'countries', ip)[cell] AS own_country) != tupleElement(said, 'country')
                OR (dictGet('ip_placements', 'cities', ip)[cell] AS own_city) NOT IN ('', tupleElement(said, 'city'))) AS says),
        tupleElement(said, 'place_kind'), exact, 'user', 'unknown'),
    country = if(says, own_country, tupleElement(said, 'country')),
    country_name = if(says, dictGet('ip_placements', 'country_names', ip)[cell], tupleElement(said, 'country_name')),
    region = if(says, '', tupleElement(said, 'region')),
    city = if(says, own_city, tupleElement(said, 'city')),
    latitude = if(says, dictGet('ip_placements', 'latitudes', ip)[cell], tupleElement(said, 'latitude')),
    longitude = if(says, dictGet('ip_placements', 'longitudes', ip)[cell], tupleElement(said, 'longitude')),
    accuracy_km = if(says, dictGet('ip_placements', 'radii', ip)[cell], tupleElement(said, 'accuracy_km')),
    located_by = if(place != '', place, tupleElement(said, 'located_by')),
    asn = if((dictGet('ip_placements', 'network_by', ip)[cell] AS network) != '' AND (dictGet('ip_placements', 'asns', ip)[cell] AS own_asn) != 0, own_asn, tupleElement(said, 'asn')),
    as_organization = if(network != '', dictGet('ip_placements', 'isps', ip)[cell], tupleElement(said, 'as_organization')),
    network_by = if(network != '', network, tupleElement(said, 'network_by'))
IN PARTITION {month:UInt32}
WHERE tenant = {tenant:String} AND (dictHas('ip_placements', ip) OR tupleElement(geo, 'place_kind') != '')
    AND (if(tupleElement(geo, 'place_kind') != '' AND startsWith(located_by, 'operator '), toString(located_by), '') !=
            dictGet('ip_placements', 'located_by', ip)[arrayFirstIndex((o, s, u) -> o = tenant AND s <= ts AND ts < u, dictGet('ip_placements', 'tenants', ip), dictGet('ip_placements', 'since', ip), dictGet('ip_placements', 'until', ip)) AS now]
        OR if(tupleElement(geo, 'place_kind') != '' AND startsWith(network_by, 'operator '), toString(network_by), '') != dictGet('ip_placements', 'network_by', ip)[now])
SETTINGS mutations_sync = 0, allow_nondeterministic_mutations = 1
