-- Who has an episode: of the many who make envelopes the few who change templates.
SELECT DISTINCT user_id AS subject_id
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
    AND activity IN ('create', 'update', 'delete') AND lower(object) IN ('template', 'templates', 'envelopetemplate')
    AND ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')}
