-- What was said of an address, as of the event time; the operator is believed before every feed.
-- @intelligence
,
        dictGet('ip_intelligence', ('tenants', 'sources', 'categories', 'tags', 'since', 'until'), ip) AS said,
        arrayFilter(i -> said.1[i] = tenant AND said.5[i] <= ts AND ts < said.6[i], arrayEnumerate(said.1)) AS held_then,
        arrayFilter(i -> said.2[i] = 'operator', held_then) AS own,
        if(notEmpty(own), own, held_then) AS believed
-- @step
,
        (/*filter*/) AS s/*n*/
-- @of the keys
AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
