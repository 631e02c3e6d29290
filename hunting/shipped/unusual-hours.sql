WITH
    hours AS (
        SELECT user_id, any(user_email) AS email, toHour(ts) AS hour, count() AS events
        FROM events
        WHERE user_id != '' AND ts >= now64() - toIntervalDay({days:UInt32})
        GROUP BY user_id, hour
    )
SELECT
    user_id, email, hour, events,
    round(events / sum(events) OVER (PARTITION BY user_id), 3) AS share_of_user,
    round(sum(events) OVER (PARTITION BY hour) / sum(events) OVER (), 3) AS share_of_all
FROM hours
QUALIFY share_of_all < 0.02 AND events >= 3
ORDER BY events DESC, user_id, hour
LIMIT 100
