-- The values that fields of policies have: of stored events, of what is said of addresses, and of the directory.
SELECT tupleElement(pair, 1) AS name, arraySlice(arraySort(arrayFilter(v -> v != '', tupleElement(pair, 2))), 1, 10000) AS known
FROM
(
    SELECT arrayJoin([
        ('activity', groupUniqArray(toString(activity))), ('action', groupUniqArray(toString(action))), ('object', groupUniqArray(toString(object))), ('property', groupUniqArray(toString(property))),
        ('result', groupUniqArray(toString(result))), ('channel', groupUniqArray(toString(channel))), ('source', groupUniqArray(toString(source)))]) AS pair
    FROM
    (
        SELECT DISTINCT activity, action, object, property, result, channel, source
        FROM events
        WHERE tenant = {tenant:String}
    )
)
UNION ALL
SELECT 'ip_tag' AS name, arraySort(groupUniqArray(10000)(toString(tag))) AS known
FROM
(
    SELECT DISTINCT arrayJoin(tags) AS tag
    FROM ip_ranges FINAL
    WHERE tenant = {tenant:String} AND NOT removed
)
UNION ALL
SELECT 'user_group' AS name, arraySort(groupUniqArray(10000)(one)) AS known
FROM
(
    SELECT DISTINCT arrayJoin(groups) AS one
    FROM directory
    WHERE tenant = {tenant:String}
)
UNION ALL
SELECT 'user_role' AS name, arraySort(groupUniqArray(10000)(toString(role))) AS known
FROM
(
    SELECT DISTINCT role
    FROM directory
    WHERE tenant = {tenant:String} AND role != ''
)
