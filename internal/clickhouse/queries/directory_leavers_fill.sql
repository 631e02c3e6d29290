INSERT INTO directory_leavers (tenant, key, source, directory_id)
WITH
leavers AS
(
    SELECT source, directory_id FROM directory_users WHERE tenant = {tenant:String} AND status != 'active'
),
beside AS
(
    SELECT source, directory_id
    FROM directory_keys
    WHERE tenant = {tenant:String} AND key IN (SELECT key FROM directory_keys WHERE tenant = {tenant:String} AND (source, directory_id) IN (SELECT source, directory_id FROM leavers))
),
concerned AS
(
    SELECT DISTINCT key, source, directory_id
    FROM directory_keys
    WHERE tenant = {tenant:String} AND key IN (SELECT key FROM directory_keys WHERE tenant = {tenant:String} AND (source, directory_id) IN (SELECT source, directory_id FROM beside))
),
theirs AS
(
    SELECT DISTINCT key, source, directory_id
    FROM directory_keys
    WHERE tenant = {tenant:String} AND (source, directory_id) IN (SELECT source, directory_id FROM concerned)
)
SELECT DISTINCT {tenant:String} AS tenant, concerned.key AS key, others.source AS source, others.directory_id AS directory_id
FROM concerned
INNER JOIN theirs ON theirs.source = concerned.source AND theirs.directory_id = concerned.directory_id
INNER JOIN
(
    SELECT DISTINCT key, source, directory_id FROM directory_keys WHERE tenant = {tenant:String} AND key IN (SELECT key FROM theirs)
) AS others ON others.key = theirs.key
WHERE (concerned.key, others.source, others.directory_id) NOT IN (SELECT key, source, directory_id FROM directory_leavers WHERE tenant = {tenant:String})
