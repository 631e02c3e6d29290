-- The users with activity with whom somebody is concerned who was not always active in the directory.
SELECT DISTINCT user_id AS subject_id
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
    AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(8) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(8)
    AND ((tenant, user_id) IN (SELECT tenant, key FROM directory_leavers) OR (user_email != '' AND (tenant, user_email) IN (SELECT tenant, key FROM directory_leavers)))
