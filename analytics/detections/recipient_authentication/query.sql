-- One row per episode in which one recipient of one sender's envelopes fails again and again to prove who they are. The subject is the
-- sender; where a record names none it is whoever it names. Each failure counts, so that of several records of one failure, which Monitor and each
-- configuration of Connect make, one is taken: of a recipient and envelope, records of one day with less than ten minutes between one and the
-- next are a chain, and those of the teller count who tells most of it, of several the first by name.
WITH
failures AS
(
    SELECT tenant, about, who, ts, event_id, envelope, sender, recipient, account
    FROM
    (
        SELECT *, min((-told, teller)) OVER (PARTITION BY tenant, about, who, envelope, chain) AS most
        FROM
        (
            SELECT *, toInt64(count() OVER (PARTITION BY tenant, about, who, envelope, chain, teller)) AS told
            FROM
            (
                SELECT *, sum(begins) OVER (PARTITION BY tenant, about, who, envelope ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS chain
                FROM
                (
                    SELECT
                        tenant, if(affected_user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), affected_user_id, user_id) AS about, ts, event_id, envelope_id AS envelope, toString(account_id) AS account,
                        lower(JSONExtractString(data, 'SenderEmail')) AS sender, lower(if(JSONExtractString(data, 'RecipientEmail') != '', JSONExtractString(data, 'RecipientEmail'), if(affected_user_id IN ('', '0', '00000000-0000-0000-0000-000000000000'), '', user_email))) AS recipient,
                        -- by address across envelopes, else the recipient of one envelope
                        if(recipient != '', recipient, concat(envelope_id, ' ', JSONExtractString(data, 'RecipientId'))) AS who,
                        concat(if(channel = 'Connect', '2 ', '1 '), toString(source), ' ', JSONExtractString(data, 'ConfigurationId')) AS teller,
                        lagInFrame(ts) OVER (PARTITION BY tenant, about, who, envelope ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before,
                        -- a chain ends with its day, so that no more has to be read than that
                        toUnixTimestamp64Micro(ts) - toUnixTimestamp64Micro(before) >= 600000000 OR toDate(ts) != toDate(before) AS begins
                    FROM events
                    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(49)
                        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(49)
                        AND activity = 'recipient_authentication' AND match(lower(concat(action, ' ', result)), 'fail|den(y|ied)|invalid|reject|unsuccess|incorrect|wrong')
                        AND (empty({subjects:Array(String)}) OR about IN {subjects:Array(String)})
                        AND about NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                )
            )
        )
    )
    WHERE teller = most.2
),
recipients AS
(
    SELECT
        tenant, about, who,
        arraySort(groupArray((ts, event_id, envelope, sender, recipient, account))) AS every,
        arrayMap(f -> toUnixTimestamp64Micro(f.1), every) AS times,
        -- how many windows that are full begin at this failure or before it
        arrayCumSum(arrayMap((t, i) -> i + {floor_failures:UInt32} - 1 <= length(times) AND times[i + {floor_failures:UInt32} - 1] - t <= {window_us:UInt64}, times, arrayEnumerate(times))) AS filled,
        arrayFilter((f, i) -> filled[i] > if(i > {floor_failures:UInt32}, filled[i - {floor_failures:UInt32}], 0), every, arrayEnumerate(every)) AS members
    FROM failures
    GROUP BY tenant, about, who
    HAVING length(every) >= {floor_failures:UInt32}
),
episodes AS
(
    SELECT tenant, about, episode, length(episode) AS size,
        arraySort(arrayDistinct(arrayFilter(e -> e != '', episode.3))) AS envelopes,
        arrayFirst(r -> r != '', episode.5) AS recipient,
        intDiv(toUnixTimestamp64Milli(episode[-1].1) - toUnixTimestamp64Milli(episode[1].1) + 59999, 60000) AS minutes
    FROM
    (
        -- a full window is never torn, so the quiet time is no shorter than the window
        SELECT tenant, about, arrayJoin(arraySplit((f, gap) -> gap > greatest({quiet_us:UInt64}, {window_us:UInt64}), members, arrayDifference(arrayMap(f -> toUnixTimestamp64Micro(f.1), members)))) AS episode
        FROM recipients
    )
    WHERE episode[1].1 >= {from:DateTime64(7, 'UTC')} AND episode[1].1 <= {to:DateTime64(7, 'UTC')}
)
SELECT
    tenant,
    'user' AS subject_type,
    about AS subject_id,
    arrayFirst(s -> s != '', episode.4) AS subject_email,
    '' AS subject_name,
    episode[1].2 AS finding_key,
    episode[1].1 AS anchor_time,
    anchor_time AS start_time,
    episode[-1].1 AS end_time,
    arraySlice(arrayMap(f -> f.2, episode), 1, 100) AS event_ids,
    toUInt64(size) AS event_count,
    toFloat64(size) AS score,
    if(size >= {high_failures:UInt32} OR length(envelopes) > 1, 'high', 'medium') AS severity,
    concat('Somebody failed ', toString(size), ' times to prove to be ', if(recipient != '', recipient, 'a recipient'), ', who received ',
        if(length(envelopes) > 1, concat(toString(length(envelopes)), ' envelopes'), 'an envelope'), ' of ', if(subject_email != '', subject_email, concat('user ', about)),
        concat(', within ', if(minutes <= 1, 'a minute', if(minutes < 120, concat(toString(minutes), ' minutes'), concat(toString(intDiv(minutes + 59, 60)), ' hours'))))) AS title,
    toJSONString(CAST((size, recipient, length(envelopes), arraySlice(envelopes, 1, 20), minutes, arrayFirst(a -> a != '', episode.6),
            if(length(envelopes) > 1, 'It was tried at several envelopes.', if(size >= {high_failures:UInt32}, 'There are many.', 'People mistype an access code now and then, and not so often.'))),
        'Tuple(failures UInt64, recipient String, envelopes UInt64, envelopeIds Array(String), minutes Int64, accountId String, severityReason String)')) AS evidence,
    if(has(splitByRegexp('\\s*,\\s*', lower(trimBoth({known_recipients:String}))), recipient) AND recipient != '', ['known_recipient'], CAST([], 'Array(String)')) AS suppressed_by
FROM episodes
