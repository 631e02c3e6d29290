-- The newest version of every policy, deleted ones included: an id that comes again goes on counting.
SELECT id, version, policy, file, since, created_at, updated_at, author, removed
FROM policies
WHERE tenant = {tenant:String}
ORDER BY id, version DESC
LIMIT 1 BY id
