WITH
    people AS (
        SELECT arrayJoin(docusign_user_ids) AS user_id, argMax(emails[1], (source != 'docusign', valid_from)) AS address
        FROM directory
        WHERE notEmpty(emails) AND valid_from <= now64()
        GROUP BY user_id
    ),
    seen AS (
        SELECT user_id, max(user_email) AS told, as_organization AS network, min(ts) AS first, count() AS events, groupUniqArray(5)(country) AS countries
        FROM events
        WHERE user_id != '' AND as_organization != ''
        GROUP BY user_id, as_organization
        HAVING first >= now64() - toIntervalDay({days:UInt32})
    )
SELECT user_id, if(told != '', told, address) AS email, network, first, events, countries
FROM seen LEFT JOIN people USING (user_id)
ORDER BY first DESC, user_id
LIMIT 500
