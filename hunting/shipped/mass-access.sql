WITH
    people AS (
        SELECT arrayJoin(docusign_user_ids) AS user_id, argMax(emails[1], (source != 'docusign', valid_from)) AS address
        FROM directory
        WHERE notEmpty(emails) AND valid_from <= now64()
        GROUP BY user_id
    ),
    touched AS (
        SELECT user_id, max(user_email) AS told, toStartOfHour(ts) AS hour, uniqExact(envelope_id) AS envelopes, topK(3)(action) AS acts
        FROM events
        WHERE envelope_id != '' AND ts >= now64() - toIntervalDay({days:UInt32})
        GROUP BY user_id, hour
    )
SELECT user_id, if(told != '', told, address) AS email, hour, envelopes, acts
FROM touched LEFT JOIN people USING (user_id)
ORDER BY envelopes DESC, hour DESC, user_id
LIMIT 100
