WITH
signins AS
(
    SELECT user_id, event_id, ts, city, latitude, longitude
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'logon' AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND place_kind != 'unknown'
),
pairs AS
(
    SELECT *, lagInFrame(event_id) OVER w AS before_id, lagInFrame(ts) OVER w AS before_ts,
        geoDistance(lagInFrame(longitude) OVER w, lagInFrame(latitude) OVER w, longitude, latitude) / 1000 AS km,
        (toUnixTimestamp64Micro(ts) - toUnixTimestamp64Micro(before_ts)) / 3.6e9 AS hours
    FROM signins
    WINDOW w AS (PARTITION BY user_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
first_seen AS (SELECT user_id, min(ts) AS begins FROM signins GROUP BY user_id),
learned AS
(
    SELECT user_id, groupUniqArray(city) AS cities FROM signins INNER JOIN first_seen USING (user_id) WHERE ts <= begins + toIntervalDay(1) GROUP BY user_id
),
fast AS
(
    SELECT * FROM pairs INNER JOIN learned USING (user_id)
    WHERE before_id != '' AND km > 500 AND km / greatest(hours, 1 / 3600) > 1000 AND NOT has(cities, city)
),
marked AS
(
    SELECT *, ts > lagInFrame(ts) OVER (PARTITION BY user_id ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) + toIntervalHour(1) AS begins_alert FROM fast
),
numbered AS (SELECT *, sum(begins_alert) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS number_of FROM marked)
SELECT
    'user' AS subject_type, user_id AS subject_id, arrayDistinct(arrayFlatten(groupArray([before_id, event_id]))) AS event_ids,
    min(before_ts) AS start_time, max(ts) AS end_time, max(km / greatest(hours, 1 / 3600)) AS score
FROM numbered
GROUP BY user_id, number_of
