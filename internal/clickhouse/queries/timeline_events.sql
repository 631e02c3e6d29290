-- What users did, with whichever account has their e-mail, and what was done to them or names them, the first first. An e-mail is looked for in the record's text first: reading
-- the record as JSON is dear.
SELECT ts, event_id,
    multiIf(
        user_id IN {users:Array(String)} OR lower(user_email) IN {emails:Array(String)}, '',
        affected_user_id IN {users:Array(String)}, 'affected',
        referenced_user_id IN {users:Array(String)}, 'referenced',
        lower(JSONExtractString(data, 'RecipientEmail')) IN {emails:Array(String)}, 'recipient',
        lower(JSONExtractString(data, 'SenderEmail')) IN {emails:Array(String)}, 'sender',
        '') AS relation
FROM events
WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(7, 'UTC')} AND ts < {to:DateTime64(7, 'UTC')}
    AND (ts, event_id) > ({after_ts:DateTime64(7, 'UTC')}, {after_id:String})
    AND (user_id IN {users:Array(String)} OR affected_user_id IN {users:Array(String)} OR referenced_user_id IN {users:Array(String)}
        OR lower(user_email) IN {emails:Array(String)}
        OR multiSearchAnyCaseInsensitive(data, {emails:Array(String)})
            AND (lower(JSONExtractString(data, 'RecipientEmail')) IN {emails:Array(String)} OR lower(JSONExtractString(data, 'SenderEmail')) IN {emails:Array(String)}))
ORDER BY ts, event_id
LIMIT {limit:UInt32}
