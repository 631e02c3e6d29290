-- How many events come first in the order of arrival, of those that are to be forwarded, and the number of the last of them.
SELECT count() AS events, max(sequence) AS through
FROM
(
    SELECT sequence
    FROM events
    WHERE tenant = {tenant:String}
        AND sequence > {after:UInt64} AND sequence <= {up_to:UInt64}
        AND ts >= {since:DateTime64(7, 'UTC')}
        AND (empty({activities:Array(String)}) AND NOT {administrative:Bool} OR activity IN {activities:Array(String)} OR {administrative:Bool} AND administrative)
        AND
        (
            empty({users:Array(String)})
            OR user_id IN {users:Array(String)} OR affected_user_id IN {users:Array(String)}
            OR lower(user_email) IN {names:Array(String)} OR lowerUTF8(user_name) IN {names:Array(String)}
            OR user_id IN (SELECT arrayJoin(docusign_user_ids) FROM directory_users FINAL WHERE tenant = {tenant:String} AND NOT removed AND (hasAny(emails, {names:Array(String)}) OR lowerUTF8(display_name) IN {names:Array(String)}))
            OR affected_user_id IN (SELECT arrayJoin(docusign_user_ids) FROM directory_users FINAL WHERE tenant = {tenant:String} AND NOT removed AND (hasAny(emails, {names:Array(String)}) OR lowerUTF8(display_name) IN {names:Array(String)}))
        )
    ORDER BY sequence
    LIMIT 1 BY sequence
    LIMIT {limit:UInt32}
)
