-- The users who were at more than one place, to less than a kilometre, which is the shortest distance that a version may count.
-- Most are not, and the view is dear.
SELECT user_id AS subject_id
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
    AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(50) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
    AND place_kind = 'user' AND integration_key = ''
    AND activity NOT IN ('failed_logon', 'docusign_alert')
GROUP BY user_id
HAVING max(latitude) - min(latitude) + max(longitude) - min(longitude) > 0.008
