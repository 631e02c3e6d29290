WITH
    people AS (
        SELECT arrayJoin(docusign_user_ids) AS user_id, argMax(emails[1], (source != 'docusign', valid_from)) AS address
        FROM directory
        WHERE notEmpty(emails) AND valid_from <= now64()
        GROUP BY user_id
    ),
    failed AS (
        SELECT user_id, max(user_email) AS told, count() AS failures, uniqExact(ip_address) AS addresses, groupUniqArray(5)(country) AS countries, max(ts) AS last
        FROM events
        WHERE activity = 'failed_logon' AND ts >= now64() - toIntervalDay({days:UInt32})
        GROUP BY user_id
    )
SELECT user_id, if(told != '', told, address) AS email, failures, addresses, countries, last
FROM failed LEFT JOIN people USING (user_id)
ORDER BY failures DESC, user_id
LIMIT 100
