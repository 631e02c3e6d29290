-- Every state of those who have or had one of the keys, and of those who share a key with one of them.
WITH
named AS
(
    SELECT source, directory_id FROM directory_keys WHERE tenant = {tenant:String} AND key IN {keys:Array(String)}
),
their_keys AS
(
    SELECT arrayJoin(arrayConcat(emails, docusign_user_ids)) AS key
    FROM directory_users FINAL
    WHERE tenant = {tenant:String} AND NOT removed AND (source, directory_id) IN (SELECT source, directory_id FROM named)
)
SELECT source, directory_id, valid_from, toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS valid_to, status, kind, user_name, display_name, emails, docusign_user_ids, groups, role
FROM directory_users FINAL
WHERE tenant = {tenant:String} AND NOT removed
    AND (source, directory_id) IN (SELECT source, directory_id FROM directory_keys WHERE tenant = {tenant:String} AND key IN (SELECT key FROM their_keys))
ORDER BY source, directory_id, valid_from
