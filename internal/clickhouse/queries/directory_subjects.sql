-- Users with events who may be one of the persons with the keys, or one who shares a key with them: by DocuSign's user id, or
-- by an address. The keys are all that each person ever had: of directory_users a merge takes what was superseded.
WITH
their_keys AS
(
    SELECT key
    FROM directory_keys
    WHERE tenant = {tenant:String}
        AND (source, directory_id) IN (SELECT source, directory_id FROM directory_keys WHERE tenant = {tenant:String} AND key IN {keys:Array(String)})
),
related AS
(
    SELECT DISTINCT key
    FROM directory_keys
    WHERE tenant = {tenant:String}
        AND (source, directory_id) IN (SELECT source, directory_id FROM directory_keys WHERE tenant = {tenant:String} AND key IN (SELECT key FROM their_keys))
)
SELECT 'user' AS subject_type, user_id AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE tenant = {tenant:String} AND user_id != '' AND ts >= {from:DateTime64(7, 'UTC')}
    AND (user_id IN (SELECT key FROM related) OR (user_email != '' AND user_email IN (SELECT key FROM related)))
GROUP BY user_id
