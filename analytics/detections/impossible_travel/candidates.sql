-- The users who were somewhere sooner than one can be after the activity just before. When no such pair of neighbours is,
-- no other pair can be: distances add up to no less, and times to no more. A hundredth is added because geoDistance has one
-- formula for near and one for far places, and the way over a third place may come out shorter. Most users were at one place, to less than a
-- kilometre, which is the shortest distance that a version may count; and the view is dear.
-- Whichever order activities of the same time are put in: when they were in different places two neighbours are among them that no time
-- lies between, and else it makes no difference.
SELECT DISTINCT user_id AS subject_id
FROM
(
    SELECT
        user_id,
        toUnixTimestamp64Micro(ts) AS at, lagInFrame(at) OVER before AS was,
        geoDistance(longitude, latitude, lagInFrame(longitude) OVER before, lagInFrame(latitude) OVER before) / 1000 AS distance_km
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(50) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
        AND place_kind = 'user' AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
        AND user_id IN
        (
            SELECT user_id
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
                AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(50) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
                AND place_kind = 'user' AND integration_key = ''
                AND activity NOT IN ('failed_logon', 'docusign_alert')
            GROUP BY user_id
            HAVING max(latitude) - min(latitude) + max(longitude) - min(longitude) > 0.008
        )
    WINDOW before AS (PARTITION BY user_id ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE was != 0 AND distance_km > 0 AND (at - was) / 3.6e9 <= distance_km * 1.01 / {speed_kmh:Float64} + {overhead_hours:Float64}
