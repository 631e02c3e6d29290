SELECT source, directory_id, valid_from, valid_to, status, kind, user_name, display_name, emails, docusign_user_ids, groups, role
FROM directory
WHERE tenant = {tenant:String} AND (source, directory_id, valid_from) > ({after_source:String}, {after_id:String}, {after_from:DateTime64(3, 'UTC')})
    AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)})
    AND (empty({statuses:Array(String)}) OR status IN {statuses:Array(String)})
    AND (empty({keys:Array(String)}) OR (source, directory_id) IN (SELECT source, directory_id FROM directory_keys WHERE tenant = {tenant:String} AND key IN {keys:Array(String)}))
    AND ({at:DateTime64(3, 'UTC')} = '1970-01-01 00:00:00.000' OR valid_from <= {at:DateTime64(3, 'UTC')} AND valid_to > {at:DateTime64(3, 'UTC')})
ORDER BY source, directory_id, valid_from
LIMIT {limit:UInt32}
