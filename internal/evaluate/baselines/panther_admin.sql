WITH
hours AS
(
    SELECT user_id, toStartOfHour(ts) AS hour, count() AS volume, uniqExact(ip_address) AS addresses, uniqExact(country) AS countries,
        groupArray(event_id) AS ids, min(ts) AS first_ts, max(ts) AS last_ts
    FROM events
    WHERE ts <= {to:DateTime64(7, 'UTC')} AND administrative AND user_id != ''
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
    GROUP BY user_id, hour
),
judged AS
(
    SELECT *,
        count() OVER past AS known,
        avg(volume) OVER past AS mean_volume, stddevPop(volume) OVER past AS dev_volume,
        avg(addresses) OVER past AS mean_addresses, stddevPop(addresses) OVER past AS dev_addresses,
        avg(countries) OVER past AS mean_countries, stddevPop(countries) OVER past AS dev_countries
    FROM hours
    WINDOW past AS (PARTITION BY user_id ORDER BY toUnixTimestamp(hour) RANGE BETWEEN 7776000 PRECEDING AND 3600 PRECEDING)
)
SELECT
    'user' AS subject_type, user_id AS subject_id, arrayFlatten(groupArray(ids)) AS event_ids, min(first_ts) AS start_time, max(last_ts) AS end_time,
    max((volume - mean_volume) / greatest(dev_volume, 0.5)) AS score
FROM judged
WHERE volume >= 5 AND (known < 5 AND addresses >= 3
    OR known >= 5 AND (volume - mean_volume) / greatest(dev_volume, 0.5) > 3
        AND greatest((addresses - mean_addresses) / greatest(dev_addresses, 0.25), (countries - mean_countries) / greatest(dev_countries, 0.25)) > 2)
GROUP BY user_id, toStartOfInterval(hour, toIntervalHour(6))
