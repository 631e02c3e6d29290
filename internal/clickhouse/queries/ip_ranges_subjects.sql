-- Subjects with events from addresses of which an operator's range, said or taken back after a version, says or said the place, and when.
WITH changed AS
(
    SELECT DISTINCT
        tupleElement(IPv6CIDRToRange(toIPv6(splitByChar('/', prefix)[1]), length), 1) AS first,
        toUInt8(toUInt8(splitByChar('/', prefix)[2]) + if(position(prefix, ':') = 0, 96, 0)) AS length
    FROM ip_ranges
    WHERE tenant = {tenant:String} AND version > {after:UInt64} AND source = 'operator' AND places
)
SELECT subject.1 AS subject_type, subject.2 AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM
(
    SELECT ts, user_id, ip_address, integration_key
    FROM events
    WHERE tenant = {tenant:String} AND ip_address != '' AND ip IN
    (
        SELECT ip
        FROM (SELECT DISTINCT ip FROM events WHERE tenant = {tenant:String} AND ip_address != '')
        ARRAY JOIN (SELECT groupUniqArray(length) FROM changed) AS length
        WHERE (tupleElement(IPv6CIDRToRange(ip, length), 1), length) IN (SELECT first, length FROM changed)
    )
)
ARRAY JOIN arrayFilter(s -> s.2 != '', [('user', user_id), ('address', ip_address), ('integration', integration_key)]) AS subject
GROUP BY subject_type, subject_id
