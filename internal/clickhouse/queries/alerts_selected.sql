-- The newest versions that a filter selects, in their order. It stands in the WITH of alerts_list.sql and alerts_count.sql.
newest AS
(
    SELECT sequence, alert_id, detection, subject_type, subject_id, subject_email, severity, score, event_count, title, start_time, end_time, create_time, update_time,
        suppressed_by, classification, reason, assignee, comments NOT IN ('', '[]', 'null') AS commented,
        multiIf(retracted, 'retracted', notEmpty(suppressed_by), 'suppressed', triage_state) AS state
    FROM alert_history
    WHERE tenant = {tenant:String} AND sequence <= {head:UInt64}
    ORDER BY sequence DESC
    LIMIT 1 BY alert_id
),
selected AS
(
    SELECT sequence, alert_id,
        multiIf(
            {order:String} = 'start_time', toUnixTimestamp64Nano(start_time),
            {order:String} = 'create_time', toUnixTimestamp64Nano(create_time),
            {order:String} = 'update_time', toUnixTimestamp64Nano(update_time),
            {order:String} = 'severity', toInt64(indexOf(['informational', 'low', 'medium', 'high', 'critical'], severity)),
            {order:String} = 'event_count', toInt64(event_count),
            -- the bits of a double are in its order, those of negative ones turned round
            {order:String} = 'score', if(reinterpretAsInt64(score) >= 0, reinterpretAsInt64(score), bitXor(reinterpretAsInt64(score), 9223372036854775807)),
            toUnixTimestamp64Nano(end_time)) AS rising,
        if({ascending:Bool}, bitNot(rising), rising) AS sort_key
    FROM newest
    WHERE state IN {states:Array(String)}
        AND severity IN {severities:Array(String)}
        AND (empty({ids:Array(String)}) AND empty({id_prefixes:Array(String)}) OR alert_id IN {ids:Array(String)}
            OR arrayExists(p -> startsWith(alert_id, p), {id_prefixes:Array(String)}))
        AND (empty({detections:Array(String)}) OR detection IN {detections:Array(String)})
        AND (empty({subject_ids:Array(String)}) OR subject_id IN {subject_ids:Array(String)})
        AND (empty({subject_types:Array(String)}) OR subject_type IN {subject_types:Array(String)})
        AND (empty({subject_emails:Array(String)}) OR lower(subject_email) IN {subject_emails:Array(String)})
        AND (empty({classifications:Array(String)}) OR classification IN {classifications:Array(String)})
        AND (empty({reasons:Array(String)}) OR reason IN {reasons:Array(String)})
        AND (empty({assignees:Array(String)}) OR lower(assignee) IN {assignees:Array(String)})
        AND (empty({suppressed_by:Array(String)}) OR hasAny(suppressed_by, {suppressed_by:Array(String)}))
        AND ({text:String} = '' OR positionCaseInsensitiveUTF8(title, {text:String}) > 0
            OR sequence IN (SELECT sequence FROM alert_history WHERE {text:String} != '' AND tenant = {tenant:String} AND positionCaseInsensitiveUTF8(told_title, {text:String}) > 0))
        AND (empty({users:Array(String)}) OR sequence IN
        (
            SELECT sequence FROM alert_history
            WHERE notEmpty({users:Array(String)}) AND tenant = {tenant:String} AND (lowerUTF8(subject_id) IN {users:Array(String)} OR hasAny(subject_names, {users:Array(String)}))
        ))
        AND (NOT {by_score:Bool} OR score >= {min_score:Float64} AND score <= {max_score:Float64})
        AND event_count >= {min_events:UInt64} AND event_count <= {max_events:UInt64}
        AND ({commented:Int8} < 0 OR commented = {commented:Int8})
        AND end_time >= {start:DateTime64(7, 'UTC')} AND start_time < {end:DateTime64(7, 'UTC')}
        AND start_time >= {first_from:DateTime64(7, 'UTC')} AND start_time < {first_to:DateTime64(7, 'UTC')}
        AND end_time >= {last_from:DateTime64(7, 'UTC')} AND end_time < {last_to:DateTime64(7, 'UTC')}
        AND create_time >= {created_from:DateTime64(7, 'UTC')} AND create_time < {created_to:DateTime64(7, 'UTC')}
        AND update_time >= {updated_from:DateTime64(7, 'UTC')} AND update_time < {updated_to:DateTime64(7, 'UTC')}
        AND (NOT {faceted:Bool} OR sequence IN
        (
            -- read only when it is asked for: with a constant 0 nothing is
            SELECT sequence
            FROM alert_history
            WHERE {faceted:Bool} AND tenant = {tenant:String}
                AND (empty({addresses:Array(String)}) OR arrayExists(a -> arrayExists(p -> isIPAddressInRange(a, p), {addresses:Array(String)}), addresses))
                AND (empty({networks:Array(String)}) OR arrayExists(n -> has({networks:Array(String)}, lower(n)), networks))
                AND (empty({countries:Array(String)}) OR hasAny(countries, {countries:Array(String)}))
        ))
)
