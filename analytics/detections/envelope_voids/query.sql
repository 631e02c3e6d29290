-- One row per episode in which many envelopes are voided by one person, or are one person's: Monitor names who acted, Connect whose
-- the envelope is.
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
),
-- of each episode who voided the envelopes and whose they are, as far as the two tell; what one tells within a day counts
told AS
(
    SELECT tenant, about, key, arraySort(groupUniqArrayIf((id, called), monitor)) AS actors, arraySort(groupUniqArrayIf((id, called), NOT monitor)) AS owners
    FROM
    (
        SELECT e.tenant AS tenant, e.about AS about, e.key AS key, t.monitor AS monitor, t.id AS id, multiIf(max(t.user_email) != '', max(t.user_email), max(t.user_name) != '', max(t.user_name), concat('user ', id)) AS called
        FROM (SELECT tenant, about, episode[1].2 AS key, arrayJoin(episode) AS member, member.1 AS at, member.3 AS thing FROM episodes) AS e
        INNER JOIN
        (
            SELECT tenant, ts, if(envelope_id != '', envelope_id, event_id) AS thing, channel != 'Connect' AS monitor, user_id AS id, user_email, user_name
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(25) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(25)
                AND activity = 'void' AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
        ) AS t ON t.tenant = e.tenant AND t.thing = e.thing
        WHERE t.ts >= e.at - toIntervalDay(1) AND t.ts <= e.at + toIntervalDay(1)
        GROUP BY tenant, about, key, monitor, id
    )
    GROUP BY tenant, about, key
)
SELECT
    episodes.tenant AS tenant,
    'user' AS subject_type,
    episodes.about AS subject_id,
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
    multiIf(subject_email != '', subject_email, subject_name != '', subject_name, concat('user ', subject_id)) AS person,
    concat(
        if(has(actors.1, subject_id),
            concat(if(person = concat('user ', subject_id), concat('User ', subject_id), person), ' voided ', toString(size), ' envelopes',
                multiIf(empty(owners), '', owners.1 = [subject_id], ' of their own', length(owners) = 1, concat(' of ', owners[1].2), concat(' of ', toString(length(owners)), ' people'))),
            concat(toString(size), ' envelopes of ', person, ' were voided', multiIf(empty(actors), '', length(actors) = 1, concat(' by ', actors[1].2), concat(' by ', toString(length(actors)), ' people')))),
        concat(' within ', if(minutes <= 1, 'a minute', if(minutes < 120, concat(toString(minutes), ' minutes'), concat(toString(intDiv(minutes + 59, 60)), ' hours')))), if(most_before = 0, ', none on a day before', concat(', at most ', toString(most_before), ' on a day before'))) AS title,
    toJSONString(CAST((size, length(arrayDistinct(episode.3)), arraySlice(arrayDistinct(episode.3), 1, 20), usual_days, most_before, minutes, arraySlice(arrayDistinct(arrayFilter(r -> r != '', episode.5)), 1, 10),
            arraySlice(actors.2, 1, 20), arraySlice(owners.2, 1, 20)),
        'Tuple(voids UInt64, envelopes UInt64, envelopeIds Array(String), daysWithHalfAsMany UInt64, mostOnADayBefore UInt64, minutes Int64, reasons Array(String), voidedBy Array(String), owners Array(String))')) AS evidence,
    if(usual_days >= {familiar_days:UInt32}, ['usual_volume'], CAST([], 'Array(String)')) AS suppressed_by
FROM episodes
LEFT JOIN told ON told.tenant = episodes.tenant AND told.about = episodes.about AND told.key = episodes.episode[1].2
