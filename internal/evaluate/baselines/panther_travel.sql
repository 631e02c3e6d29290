-- The cache holds the sign-in that arrived last, whatever its time.
WITH
signins AS
(
    SELECT user_id, event_id, ts, sequence, ip_address, latitude, longitude,
        arrayExists(t -> t LIKE '%,vpn,%' OR t LIKE '%,relay,%' OR t LIKE '%,satellite,%', dictGet('ip_intelligence', 'tags', ip)) AS tunnel
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'logon' AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND place_kind != 'unknown' AND NOT tunnel
),
pairs AS
(
    SELECT *, lagInFrame(event_id) OVER w AS before_id, lagInFrame(ts) OVER w AS before_ts, lagInFrame(ip_address) OVER w AS before_ip,
        geoDistance(lagInFrame(longitude) OVER w, lagInFrame(latitude) OVER w, longitude, latitude) / 1000 AS km,
        (toUnixTimestamp64Micro(ts) - toUnixTimestamp64Micro(before_ts)) / 3.6e9 AS hours
    FROM signins
    WINDOW w AS (PARTITION BY user_id ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
SELECT
    'user' AS subject_type, user_id AS subject_id, arrayDistinct(arrayFlatten(groupArray([before_id, event_id]))) AS event_ids,
    min(before_ts) AS start_time, max(ts) AS end_time, max(km / hours) AS score
FROM pairs
WHERE before_id != '' AND hours > 0 AND hours < 24 AND ip_address != before_ip AND km / hours > 900 AND NOT (hours < 1 / 6 AND km < 50)
GROUP BY user_id, toStartOfHour(ts)
