-- One row per episode in which recipients decline many envelopes of one sender. Who declined stands in user_id, where it is known at all.
-- An act is what one person does to one envelope: records of it with less than a day between one and the next are one, because Monitor
-- and each configuration of Connect tell of it. Acts of which enough lie within the window are members, and members with less than
-- the quiet time between them an episode.
WITH
acts AS
(
    SELECT
        tenant, about, thing,
        arraySort(groupArray((ts, event_id, whose, reason, recipient))) AS records,
        -- what is told of an act later than six days after it is not read
        arrayFilter(r -> toUnixTimestamp64Micro(r.1) - toUnixTimestamp64Micro(records[1].1) <= 518400000000, records) AS told,
        records[1].1 AS first_ts, records[1].2 AS first_event, records[1].3 AS sender,
        arrayDistinct(arrayFilter(r -> r != '', told.4)) AS reasons,
        arrayDistinct(arrayFilter(r -> r != '', told.5)) AS recipients
    FROM
    (
        SELECT *, sum(since >= 86400000000) OVER (PARTITION BY tenant, about, thing ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS act
        FROM
        (
            SELECT
                tenant, affected_user_id AS about, ts, event_id, (lower(JSONExtractString(data, 'SenderEmail')), '') AS whose, JSONExtractString(data, 'Reason') AS reason, JSONExtractString(data, 'RecipientEmail') AS recipient,
                if(envelope_id != '', envelope_id, event_id) AS thing,
                -- the first record of an envelope has nothing before it
                toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER (PARTITION BY tenant, about, thing ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS since
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(1512)
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(148)
                AND (empty({subjects:Array(String)}) OR affected_user_id IN {subjects:Array(String)})
                AND affected_user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND activity = 'decline'
        )
    )
    GROUP BY tenant, about, thing, act
),
people AS
(
    SELECT
        tenant, about,
        arraySort(groupArray((first_ts, first_event, thing, sender, reasons, recipients))) AS every,
        arrayMap(a -> toUnixTimestamp64Micro(a.1), every) AS times,
        arrayMap(a -> toInt32(toDate(a.1)), every) AS days,
        -- how many windows that are full begin at this act or before it
        arrayCumSum(arrayMap((t, i) -> i + {floor_declines:UInt32} - 1 <= length(times) AND times[i + {floor_declines:UInt32} - 1] - t <= {window_us:UInt64}, times, arrayEnumerate(times))) AS filled,
        arrayFilter((a, i) -> filled[i] > if(i > {floor_declines:UInt32}, filled[i - {floor_declines:UInt32}], 0), every, arrayEnumerate(every)) AS members,
        arrayMap(d -> (d, countEqual(days, d)), arrayDistinct(days)) AS counts
    FROM acts
    GROUP BY tenant, about
    HAVING length(every) >= {floor_declines:UInt32}
),
episodes AS
(
    SELECT tenant, about, counts, episode, length(episode) AS size, toInt32(toDate(episode[1].1)) AS day, arrayDistinct(arrayFlatten(episode.6)) AS declined_by,
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
    if(size >= {high_declines:UInt32}, 'medium', 'low') AS severity,
    concat('Recipients declined ', toString(size), ' envelopes of ', multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('user ', about)), concat(' within ', if(minutes <= 1, 'a minute', if(minutes < 120, concat(toString(minutes), ' minutes'), concat(toString(intDiv(minutes + 59, 60)), ' hours')))), if(most_before = 0, ', none on a day before', concat(', at most ', toString(most_before), ' on a day before'))) AS title,
    toJSONString(CAST((size, length(arrayDistinct(episode.3)), arraySlice(arrayDistinct(episode.3), 1, 20), usual_days, most_before, minutes, arraySlice(arrayDistinct(arrayFlatten(episode.5)), 1, 10), arraySlice(declined_by, 1, 20), length(declined_by) + arrayCount(a -> empty(a.6), episode)),
        'Tuple(declines UInt64, envelopes UInt64, envelopeIds Array(String), daysWithHalfAsMany UInt64, mostOnADayBefore UInt64, minutes Int64, reasons Array(String), recipients Array(String), recipientCount UInt64)')) AS evidence,
    if(usual_days >= {familiar_days:UInt32}, ['usual_volume'], CAST([], 'Array(String)')) AS suppressed_by
FROM episodes
