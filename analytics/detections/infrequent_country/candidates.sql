-- The users with an infrequent day in some country. What is said of an address may make it a tunnel, which is in no
-- country: such days can be infrequent here, and make none frequent. While a company that has been seen for a week at the
-- most begins, nobody is a candidate who was in one country only; otherwise everybody is, when history begins.
WITH
-- the first day of the company, where nobody was named
(
    SELECT toInt32(toDate(min(ts)))
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND empty({subjects:Array(String)}) AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)
) AS dawn
SELECT user_id AS subject_id
FROM
(
    SELECT
        user_id,
        -- each day twice its number, and one more where the country is certain; a day may have both
        arraySort(groupUniqArray(toUInt32(toDate(ts)) * 2 + NOT dictHas('ip_intelligence', ip))) AS marks,
        arrayMap(m -> intDiv(m, 2), arrayFilter(m -> m % 2 = 1, marks)) AS certain,
        -- without enough certain days in the 90 before, or without a recent one; a day of which nothing is certain may be
        arrayFilter(d -> d >= toInt32(toDate32({from:DateTime64(7, 'UTC')})) AND d <= toInt32(toDate32({to:DateTime64(7, 'UTC')})), arrayConcat(
            arrayFilter((d, earlier, last) -> d - earlier > 90 OR d - last > {recent_days:UInt32}, certain, arrayShiftRight(certain, {familiar_days:UInt32}, 0), arrayShiftRight(certain, 1, 0)),
            arrayMap(m -> intDiv(m, 2), arrayFilter((m, next) -> m % 2 = 0 AND next != m + 1, marks, arrayShiftLeft(marks, 1, 0))))) AS infrequent
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(1)
        AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
    GROUP BY user_id, country
)
GROUP BY subject_id
HAVING max(notEmpty(infrequent)) AND (count() > 1 OR max(arrayExists(d -> d >= dawn + 7, infrequent)))
