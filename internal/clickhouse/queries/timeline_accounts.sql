-- Who acted under one of the ids, addresses or names in the time.
SELECT user_id, argMaxIf(user_email, ts, user_email != '') AS email, argMaxIf(user_name, ts, user_name != '') AS name
FROM events
WHERE tenant = {tenant:String} AND user_id != '' AND ts >= {from:DateTime64(7, 'UTC')} AND ts < {to:DateTime64(7, 'UTC')}
    AND (user_id IN {ids:Array(String)} OR user_email IN {emails:Array(String)}
        OR notEmpty({names:Array(String)}) AND user_name != '' AND lowerUTF8(trimBoth(replaceRegexpAll(user_name, '\\s+', ' '))) IN {names:Array(String)})
GROUP BY user_id
ORDER BY user_id
LIMIT 100
