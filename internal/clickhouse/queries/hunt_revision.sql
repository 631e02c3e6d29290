SELECT max(revision) AS revision
FROM hunts
WHERE tenant = {tenant:String} AND id = {id:String}
