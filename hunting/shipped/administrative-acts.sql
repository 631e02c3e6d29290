WITH
    people AS (
        SELECT arrayJoin(docusign_user_ids) AS user_id, argMax(emails[1], (source != 'docusign', valid_from)) AS address
        FROM directory
        WHERE notEmpty(emails) AND valid_from <= now64()
        GROUP BY user_id
    ),
    acts AS (
        SELECT ts, event_id, user_id, user_email AS told, object, action, property, result, ip_address, country, city
        FROM events
        WHERE administrative AND ts >= now64() - toIntervalDay({days:UInt32})
        ORDER BY ts DESC, event_id
        LIMIT 1000
    )
SELECT ts, user_id, if(told != '', told, address) AS email, object, action, property, result, ip_address, country, city
FROM acts LEFT JOIN people USING (user_id)
ORDER BY ts DESC, event_id
