-- Runs at full and half hours over the 90 minutes before.
WITH
signins AS
(
    SELECT user_id, event_id, ts, country, region, latitude, longitude,
        arrayJoin([30, 60, 90]) AS later, toStartOfInterval(ts, toIntervalMinute(30)) + toIntervalMinute(later) AS run
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND activity = 'logon' AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND place_kind != 'unknown'
),
regions AS
(
    SELECT user_id, run, country, region, avg(latitude) AS lat, avg(longitude) AS lon, min(ts) AS first_ts, max(ts) AS last_ts, groupArray((ts, event_id)) AS found
    FROM signins
    GROUP BY user_id, run, country, region
),
runs AS
(
    SELECT user_id, run, min(first_ts) AS begins, max(last_ts) AS ends, count() AS number,
        geoDistance(min(lon), min(lat), max(lon), max(lat)) / 1000 AS km, dateDiff('minute', begins, ends) AS minutes,
        arraySort(arrayFlatten(groupArray(found))) AS all_found
    FROM regions
    GROUP BY user_id, run
    HAVING number BETWEEN 2 AND 5 AND minutes > 0 AND km >= 500 AND km / (minutes / 60) >= 800
),
marked AS
(
    SELECT *, run > lagInFrame(run) OVER (PARTITION BY user_id ORDER BY run ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) + toIntervalMinute(30) AS begins_alert FROM runs
),
numbered AS (SELECT *, sum(begins_alert) OVER (PARTITION BY user_id ORDER BY run ROWS UNBOUNDED PRECEDING) AS number_of FROM marked)
SELECT
    'user' AS subject_type, user_id AS subject_id, arrayDistinct(arrayMap(e -> e.2, arraySort(arrayFlatten(groupArray(all_found))))) AS event_ids,
    min(begins) AS start_time, max(ends) AS end_time, max(km / (minutes / 60)) AS score
FROM numbered
GROUP BY user_id, number_of
