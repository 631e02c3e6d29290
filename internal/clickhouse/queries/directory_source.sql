-- Every state of a source, or of some of its persons.
SELECT source, directory_id, valid_from, valid_to, status, kind, user_name, display_name, emails, docusign_user_ids, groups, role
FROM directory
WHERE tenant = {tenant:String} AND source = {source:String} AND (empty({ids:Array(String)}) OR directory_id IN {ids:Array(String)})
ORDER BY directory_id, valid_from
