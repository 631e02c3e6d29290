-- What changed since the analysis was last here: new events up to the line, and held events that the line has passed.
SELECT
    user_id AS subject_id,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    groupUniqArray(activity) AS activities,
    groupUniqArray(place_kind) AS place_kinds
FROM events
WHERE tenant = {tenant:String}
    AND sequence > {after:UInt64} AND sequence <= {upto:UInt64} AND ts <= {line:DateTime64(7, 'UTC')}
GROUP BY user_id
UNION ALL
SELECT
    user_id AS subject_id,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    groupUniqArray(activity) AS activities,
    groupUniqArray(place_kind) AS place_kinds
FROM events
WHERE tenant = {tenant:String}
    AND sequence <= {after:UInt64} AND ts > {released:DateTime64(7, 'UTC')} AND ts <= {line:DateTime64(7, 'UTC')}
GROUP BY user_id
