-- What was said of people after a version, whatever took its place since. A DocuSign user belongs to a person for all time.
SELECT if(empty(docusign_user_ids), valid_from, toDateTime64('1970-01-01 00:00:00', 3, 'UTC')) AS since, arrayConcat(emails, docusign_user_ids) AS keys, version
FROM directory_users
WHERE tenant = {tenant:String} AND version > {after:UInt64}
ORDER BY since
