-- Each sign-in is compared, as it arrives, with the one of the latest time so far.
WITH
signins AS
(
    SELECT user_id, event_id, ts, sequence, ip_address, country, latitude, longitude, device_type
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'logon' AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND place_kind != 'unknown'
),
pairs AS
(
    SELECT *, argMax((event_id, ts, country, latitude, longitude), ts) OVER before AS last_one,
        has(groupUniqArray(ip_address) OVER before, ip_address) AS known_address,
        min(ts) OVER (PARTITION BY user_id) AS first_seen,
        geoDistance(last_one.5, last_one.4, longitude, latitude) / 1000 AS km,
        (toUnixTimestamp64Micro(ts) - toUnixTimestamp64Micro(last_one.2)) / 3.6e9 AS hours
    FROM signins
    WINDOW before AS (PARTITION BY user_id ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT 'user' AS subject_type, user_id AS subject_id, [last_one.1, event_id] AS event_ids, last_one.2 AS start_time, ts AS end_time, km / hours AS score
FROM pairs
WHERE last_one.1 != '' AND hours > 0 AND km > 100 AND km / hours > 300 AND NOT known_address AND country != last_one.3 AND device_type != 'mobile'
    AND ts > first_seen + toIntervalDay(14)
