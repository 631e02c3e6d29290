-- Whether there was a week to learn from depends on everybody's events: the keys that acted a week to a month later are
-- concerned. Of events that are new there are none.
SELECT 'integration' AS subject_type, integration_key AS subject_id, min(ts) AS first_ts, max(ts) AS last_ts
FROM events
WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND integration_key != ''
    AND ts >= {from:DateTime64(7, 'UTC')} + toIntervalDay(6) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(32)
    AND length({users:Array(String)}) + length({addresses:Array(String)}) + length({integrations:Array(String)}) > 0
GROUP BY integration_key
