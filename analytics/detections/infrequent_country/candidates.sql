-- The users with an infrequent day in some country. What is said of an address may make it a tunnel, which is in no
-- country: such days can be infrequent here, and make none frequent. While a company that has been seen for a week at the
-- most begins, nobody is a candidate who was in one country only; otherwise everybody is, when history begins.
WITH
visits AS
(
    SELECT user_id, country, toInt32(toDate(ts)) AS day, max(NOT dictHas('ip_intelligence', ip)) AS certain
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(1)
        AND place_kind = 'user' AND country != '' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
    GROUP BY user_id, country, day
)
SELECT DISTINCT user_id AS subject_id
FROM
(
    SELECT
        user_id, day,
        sum(certain) OVER (PARTITION BY user_id, country ORDER BY day RANGE BETWEEN 90 PRECEDING AND 1 PRECEDING) AS lately,
        sum(certain) OVER (PARTITION BY user_id, country ORDER BY day RANGE BETWEEN {recent_days:UInt32} PRECEDING AND 1 PRECEDING) AS recently,
        min(country) OVER (PARTITION BY user_id) != max(country) OVER (PARTITION BY user_id) AS came
    FROM visits
)
WHERE day >= toInt32(toDate({from:DateTime64(7, 'UTC')})) AND day <= toInt32(toDate({to:DateTime64(7, 'UTC')})) AND (lately < {familiar_days:UInt32} OR recently = 0)
    -- the first day of the company, where nobody was named
    AND (came OR day >= 7 + (SELECT toInt32(toDate(min(ts))) FROM events WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND empty({subjects:Array(String)}) AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(103)))
