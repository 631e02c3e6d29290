-- Users with events from addresses about which something was said or taken back after a version, and when. A network of some
-- length covers an address when it begins where the network of that length around the address does.
WITH changed AS
(
    SELECT DISTINCT
        tupleElement(IPv6CIDRToRange(toIPv6(splitByChar('/', prefix)[1]), length), 1) AS first,
        toUInt8(toUInt8(splitByChar('/', prefix)[2]) + if(position(prefix, ':') = 0, 96, 0)) AS length
    FROM ip_ranges
    WHERE tenant = {tenant:String} AND version > {after:UInt64}
)
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE tenant = {tenant:String} AND user_id != '' AND ip_address != '' AND ip IN
(
    SELECT ip
    FROM (SELECT DISTINCT ip FROM events WHERE tenant = {tenant:String} AND ip_address != '')
    ARRAY JOIN (SELECT groupUniqArray(length) FROM changed) AS length
    WHERE (tupleElement(IPv6CIDRToRange(ip, length), 1), length) IN (SELECT first, length FROM changed)
)
GROUP BY user_id
