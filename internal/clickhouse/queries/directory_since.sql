-- What was said of people after a version, with every address and id by which each was ever found: what takes a state back, or
-- comes in its place, need not name them again. A DocuSign user belongs to a person for all time, so that such a person is looked
-- at from the beginning; an address is what has an @.
WITH
said AS
(
    SELECT source, directory_id, valid_from, docusign_user_ids, version
    FROM directory_users
    WHERE tenant = {tenant:String} AND version > {after:UInt64}
),
known AS
(
    SELECT source, directory_id, groupUniqArray(key) AS keys
    FROM directory_keys
    WHERE tenant = {tenant:String} AND (source, directory_id) IN (SELECT source, directory_id FROM said)
    GROUP BY source, directory_id
)
SELECT
    if(notEmpty(docusign_user_ids) OR arrayExists(k -> position(k, '@') = 0, known.keys), toDateTime64('1970-01-01 00:00:00', 3, 'UTC'), valid_from) AS since,
    known.keys AS keys, version
FROM said
LEFT JOIN known ON known.source = said.source AND known.directory_id = said.directory_id
ORDER BY since
