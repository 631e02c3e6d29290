-- The users with an infrequent day in some country. What is said of an address may make it a tunnel, which is in no
-- country: such days can be infrequent here, and make none frequent.
SELECT DISTINCT user_id AS subject_id
FROM
(
    SELECT
        user_id, country,
        groupUniqArray(toDate(ts)) AS seen,
        groupUniqArrayIf(toDate(ts), NOT dictHas('ip_intelligence', ip)) AS certain
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(1)
        AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
    GROUP BY user_id, country
)
WHERE arrayExists(d -> d >= toDate({from:DateTime64(7, 'UTC')}) AND d <= toDate({to:DateTime64(7, 'UTC')})
    AND (arrayCount(b -> b < d AND b >= d - 90, certain) < {familiar_days:UInt32} OR NOT arrayExists(b -> b < d AND b >= d - {recent_days:UInt32}, certain)), seen)
