-- Events from addresses of some networks, and their users. A network of some length covers an address when it begins where the
-- network of that length around the address does, and when both are of the same family.
WITH named AS
(
    SELECT DISTINCT
        tupleElement(IPv6CIDRToRange(toIPv6(splitByChar('/', prefix)[1]), length), 1) AS first,
        toUInt8(toUInt8(splitByChar('/', prefix)[2]) + if(position(prefix, ':') = 0, 96, 0)) AS length
    FROM (SELECT arrayJoin({prefixes:Array(String)}) AS prefix)
)
SELECT count() AS events, uniqExactIf(user_id, user_id != '') AS users
FROM events
WHERE tenant = {tenant:String} AND ip_address != '' AND ip IN
(
    SELECT ip
    FROM (SELECT DISTINCT ip FROM events WHERE tenant = {tenant:String} AND ip_address != '')
    ARRAY JOIN (SELECT groupUniqArray(length) FROM named) AS length
    WHERE (tupleElement(IPv6CIDRToRange(ip, length), 1), length) IN (SELECT first, length FROM named)
        AND (length >= 96 OR tupleElement(IPv6CIDRToRange(ip, 96), 1) != toIPv6('::ffff:0.0.0.0'))
)
