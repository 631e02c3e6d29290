-- One row per episode in which many envelopes of one person are voided.
-- An act is what one person does to one envelope: records of it with less than a day between one and the next are one, because Monitor
-- and each configuration of Connect tell of it. Acts of which enough lie within the window are members, and members with less than
-- the quiet time between them an episode.
WITH
acts AS
(
    SELECT tenant, about, ts, event_id, thing, whose, reason
    FROM
    (
        SELECT
            tenant, user_id AS about, ts, event_id, (user_email, user_name) AS whose, JSONExtractString(data, 'Reason') AS reason,
            if(envelope_id != '', envelope_id, event_id) AS thing,
            -- the first record of an envelope has nothing before it
            toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER (PARTITION BY tenant, about, thing ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS since
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(1488)
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
            AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
            AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
            AND activity = 'void'
    )
    WHERE since >= 86400000000
),
people AS
(
    SELECT
        tenant, about,
        arraySort(groupArray((ts, event_id, thing, whose, reason))) AS every,
        arrayMap(a -> toUnixTimestamp64Micro(a.1), every) AS times,
        arrayMap(a -> toInt32(toDate(a.1)), every) AS days,
        -- how many windows that are full begin at this act or before it
        arrayCumSum(arrayMap((t, i) -> i + {floor_voids:UInt32} - 1 <= length(times) AND times[i + {floor_voids:UInt32} - 1] - t <= {window_us:UInt64}, times, arrayEnumerate(times))) AS filled,
        arrayFilter((a, i) -> filled[i] > if(i > {floor_voids:UInt32}, filled[i - {floor_voids:UInt32}], 0), every, arrayEnumerate(every)) AS members,
        arrayMap(d -> (d, countEqual(days, d)), arrayDistinct(days)) AS counts
    FROM acts
    GROUP BY tenant, about
    HAVING length(every) >= {floor_voids:UInt32}
),
episodes AS
(
    SELECT tenant, about, counts, episode, length(episode) AS size, toInt32(toDate(episode[1].1)) AS day,
        intDiv(toUnixTimestamp64Milli(episode[-1].1) - toUnixTimestamp64Milli(episode[1].1) + 59999, 60000) AS minutes,
        -- on how many separate days, between a week and sixty days before, at least half as many
        arrayCount(d -> d.1 <= day - 7 AND d.1 >= day - 60 AND 2 * d.2 >= size, counts) AS usual_days,
        arrayMax(arrayMap(d -> if(d.1 < day AND d.1 >= day - 60, d.2, 0), counts)) AS most_before
    FROM
    (
        -- a full window is never torn, so the quiet time is no shorter than the window
        SELECT tenant, about, counts, arrayJoin(arraySplit((a, gap) -> gap > greatest({quiet_us:UInt64}, {window_us:UInt64}), members, arrayDifference(arrayMap(a -> toUnixTimestamp64Micro(a.1), members)))) AS episode
        FROM people
    )
    WHERE episode[1].1 >= {from:DateTime64(7, 'UTC')} AND episode[1].1 <= {to:DateTime64(7, 'UTC')}
)
SELECT
    tenant,
    'user' AS subject_type,
    about AS subject_id,
    arrayFirst(a -> a.4.1 != '', episode).4.1 AS subject_email,
    arrayFirst(a -> a.4.2 != '', episode).4.2 AS subject_name,
    episode[1].2 AS finding_key,
    episode[1].1 AS anchor_time,
    anchor_time AS start_time,
    episode[-1].1 AS end_time,
    arraySlice(arrayMap(a -> a.2, episode), 1, 100) AS event_ids,
    toUInt64(size) AS event_count,
    toFloat64(size) AS score,
    if(size >= {high_voids:UInt32}, 'high', 'medium') AS severity,
    concat(toString(size), ' envelopes of ', multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('user ', about)), ' were voided', concat(' within ', if(minutes <= 1, 'a minute', if(minutes < 120, concat(toString(minutes), ' minutes'), concat(toString(intDiv(minutes + 59, 60)), ' hours')))), if(most_before = 0, ', none on a day before', concat(', at most ', toString(most_before), ' on a day before'))) AS title,
    toJSONString(CAST((size, length(arrayDistinct(episode.3)), arraySlice(arrayDistinct(episode.3), 1, 20), usual_days, most_before, minutes, arraySlice(arrayDistinct(arrayFilter(r -> r != '', episode.5)), 1, 10)),
        'Tuple(voids UInt64, envelopes UInt64, envelopeIds Array(String), daysWithHalfAsMany UInt64, mostOnADayBefore UInt64, minutes Int64, reasons Array(String))')) AS evidence,
    if(usual_days >= {familiar_days:UInt32}, ['usual_volume'], CAST([], 'Array(String)')) AS suppressed_by
FROM episodes
