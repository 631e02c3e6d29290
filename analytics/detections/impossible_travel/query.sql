-- One row per series of steps that a person cannot have travelled. A step goes from one located activity of a user to
-- the next; it counts when the distance, less the accuracy of both places, needs more time than there was.
WITH
located AS
(
    SELECT
        tenant, user_id, user_name, user_email, event_id, ts, latitude, longitude, accuracy_km,
        CAST(
            (formatDateTime(ts, '%FT%TZ'), event_id, activity, ip_address, asn, as_organization, country, country_name, region, city,
                latitude, longitude, accuracy_km, browser, os, device_type),
            'Tuple(time String, eventId String, activity String, ipAddress String, asn UInt32, network String, country String, countryName String, region String, city String,
                latitude Float64, longitude Float64, accuracyKm Float64, browser String, os String, deviceType String)') AS spot
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalDay(35)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(13)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id != ''
        AND place_kind = 'user'
        -- an application calls from where it runs, in whosever name; unusual_impersonation judges its networks
        AND integration_key = ''
        AND activity NOT IN ('failed_logon', 'docusign_alert')
),
pairs AS
(
    SELECT
        *,
        lagInFrame(event_id) OVER before AS from_event_id,
        lagInFrame(ts) OVER before AS from_ts,
        lagInFrame(latitude) OVER before AS from_latitude,
        lagInFrame(longitude) OVER before AS from_longitude,
        lagInFrame(accuracy_km) OVER before AS from_accuracy_km,
        lagInFrame(spot) OVER before AS from_spot
    FROM located
    -- event_id breaks ties, so that the order of arrival never matters
    WINDOW before AS (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
steps AS
(
    SELECT
        *,
        greatest(0, geoDistance(from_longitude, from_latitude, longitude, latitude) / 1000 - accuracy_km - from_accuracy_km) AS distance_km,
        (toUnixTimestamp64Micro(ts) - toUnixTimestamp64Micro(from_ts)) / 3.6e9 AS hours,
        distance_km / {speed_kmh:Float64} + {overhead_hours:Float64} AS needed_hours,
        -- how many times too fast, 100 at most
        least(100, needed_hours / greatest(hours, 0.01)) AS ratio
    FROM pairs
    WHERE from_event_id != ''
        AND distance_km >= {min_distance_km:Float64}
        AND hours < needed_hours
        -- what the view looks back rests on this bound
        AND hours < 24
),
-- where each user was on which day, to a tenth of a degree
places AS
(
    SELECT tenant, user_id, groupUniqArray((toDate(ts), round(latitude, 1), round(longitude, 1))) AS been
    FROM located
    GROUP BY tenant, user_id
),
-- on how many earlier days the user was near each end of the step: days before the day of departure, so that the first
-- day of an attacker makes no place familiar
judged AS
(
    SELECT
        * EXCEPT been,
        arrayFilter(b -> b.1 < toDate(from_ts) AND b.1 >= toDate(ts) - 31, been) AS earlier,
        length(arrayDistinct(arrayMap(b -> b.1, arrayFilter(b -> geoDistance(b.3, b.2, from_longitude, from_latitude) / 1000 <= {familiar_km:Float64}, earlier)))) AS from_days,
        length(arrayDistinct(arrayMap(b -> b.1, arrayFilter(b -> geoDistance(b.3, b.2, longitude, latitude) / 1000 <= {familiar_km:Float64}, earlier)))) AS to_days,
        from_days >= {familiar_days:UInt32} AND to_days >= {familiar_days:UInt32} AS familiar
    FROM steps
    INNER JOIN places USING (tenant, user_id)
),
-- steps less than twelve hours apart are one series
marked AS
(
    SELECT
        *,
        toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER earlier > 12 * 3600000000 AS begins
    FROM judged
    WINDOW earlier AS (PARTITION BY tenant, user_id, familiar ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id, familiar ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS series
    FROM marked
),
-- every step of a series with what the series holds; the worst one speaks for it
ranked AS
(
    SELECT
        *,
        row_number() OVER (PARTITION BY tenant, user_id, familiar, series ORDER BY ratio DESC, distance_km DESC, event_id) AS rank,
        count() OVER whole AS steps,
        first_value(event_id) OVER whole AS finding_key,
        min(ts) OVER whole AS anchor_time,
        min(from_ts) OVER whole AS start_time,
        max(ts) OVER whole AS end_time,
        groupArray(((from_ts, from_event_id), (ts, event_id))) OVER whole AS ends
    FROM numbered
    WINDOW whole AS (PARTITION BY tenant, user_id, familiar, series ORDER BY ts, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT
    tenant,
    'user' AS subject_type,
    user_id AS subject_id,
    user_email AS subject_email,
    user_name AS subject_name,
    finding_key,
    anchor_time,
    start_time,
    end_time,
    arrayMap(e -> e.2, arraySort(arrayDistinct(arrayConcat(arrayMap(e -> e.1, ends), arrayMap(e -> e.2, ends))))) AS all_event_ids,
    arraySlice(all_event_ids, 1, 100) AS event_ids,
    toUInt64(length(all_event_ids)) AS event_count,
    round(ratio, 2) AS score,
    -- one end is where the user usually is, at the other nobody has seen him
    if(distance_km >= {high_distance_km:Float64} AND (from_days = 0) != (to_days = 0), 'high', 'medium') AS severity,
    concat(
        multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('User ', subject_id)),
        ' was in ', multiIf(from_spot.city != '', initcapUTF8(from_spot.city), from_spot.countryName != '', from_spot.countryName, 'one place'),
        ' and ', multiIf(hours < 1 / 60, 'in the same minute', hours < 2 / 60, 'a minute later', hours < 1.5, concat(toString(round(hours * 60)), ' minutes later'), concat(toString(round(hours, 1)), ' hours later')),
        ' in ', multiIf(spot.city != '', initcapUTF8(spot.city), spot.countryName != '', spot.countryName, 'another'),
        ', ', toString(round(distance_km)), ' km away') AS title,
    if(severity = 'high',
        concat('One end is known, from ', toString(greatest(from_days, to_days)), ' earlier days, the other was never seen, and they are ', toString({high_distance_km:Float64}), ' km or more apart.'),
        multiIf(familiar, 'Both ends are places of the user.', from_days = 0 AND to_days = 0, 'Nothing is known yet of where the user usually is.', from_days > 0 AND to_days > 0, 'The user has been at both ends before.',
            'One end was never seen, but the distance is moderate.')) AS severity_reason,
    concat('{"from":', toJSONString(from_spot), ',"to":', toJSONString(spot), ',"severityReason":', toJSONString(severity_reason), ',',
        substring(toJSONString(map(
            'distanceKm', round(distance_km, 1), 'hours', round(hours, 3), 'neededHours', round(needed_hours, 3),
            'speedKmh', round(distance_km / greatest(hours, 0.001)), 'allowedSpeedKmh', {speed_kmh:Float64},
            'fromFamiliarDays', toFloat64(from_days), 'toFamiliarDays', toFloat64(to_days), 'steps', toFloat64(steps))), 2)) AS evidence,
    if(familiar, ['familiar_places'], CAST([], 'Array(String)')) AS suppressed_by
FROM ranked
WHERE rank = 1 AND anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
