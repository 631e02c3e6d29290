WITH
    people AS (
        SELECT arrayJoin(docusign_user_ids) AS user_id, argMax(emails[1], (source != 'docusign', valid_from)) AS address
        FROM directory
        WHERE notEmpty(emails) AND valid_from <= now64()
        GROUP BY user_id
    ),
    hours AS (
        SELECT user_id, max(user_email) AS told, toHour(ts) AS hour, count() AS events
        FROM events
        WHERE user_id != '' AND ts >= now64() - toIntervalDay({days:UInt32})
        GROUP BY user_id, hour
    )
SELECT
    user_id, if(told != '', told, address) AS email, hour, events,
    round(events / sum(events) OVER (PARTITION BY user_id), 3) AS share_of_user,
    round(sum(events) OVER (PARTITION BY hour) / sum(events) OVER (), 3) AS share_of_all
FROM hours LEFT JOIN people USING (user_id)
QUALIFY share_of_all < 0.02 AND events >= 3
ORDER BY events DESC, user_id, hour
LIMIT 100
