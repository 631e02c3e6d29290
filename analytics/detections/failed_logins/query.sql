-- One row per episode of failed log-ons of a user: failures so dense that some window holds the threshold, followed by
-- others before it is quiet again. The row grows while the episode goes on.
WITH
attempts AS
(
    SELECT tenant, user_id, user_name, user_email, event_id, ts, activity, ip_address, country, city, as_organization, browser, os, result
    FROM events
    WHERE ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(26)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(26)
        AND (empty({subjects:Array(String)}) OR user_id IN {subjects:Array(String)})
        AND user_id != ''
        AND activity IN ('failed_logon', 'logon')
),
counted AS
(
    SELECT
        *,
        count() OVER (PARTITION BY tenant, user_id ORDER BY toUnixTimestamp64Micro(ts) RANGE BETWEEN {window_us:UInt64} PRECEDING AND CURRENT ROW) >= {threshold:UInt32} AS full_window
    FROM attempts
    WHERE activity = 'failed_logon'
),
members AS
(
    SELECT *
    FROM
    (
        SELECT
            *,
            max(full_window) OVER (PARTITION BY tenant, user_id ORDER BY toUnixTimestamp64Micro(ts) RANGE BETWEEN CURRENT ROW AND {window_us:UInt64} FOLLOWING) AS in_episode
        FROM counted
    )
    WHERE in_episode
),
marked AS
(
    SELECT
        *,
        toUnixTimestamp64Micro(ts) - lagInFrame(toUnixTimestamp64Micro(ts)) OVER series > {quiet_us:UInt64} AS begins
    FROM members
    WINDOW series AS (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, user_id ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS number
    FROM marked
),
episodes AS
(
    SELECT
        tenant, user_id, number,
        argMax(numbered.user_email, (ts, event_id)) AS last_email, argMax(numbered.user_name, (ts, event_id)) AS last_name,
        min(ts) AS first_ts, max(ts) AS last_ts,
        arraySort(groupArray((ts, event_id))) AS failures,
        uniqExact(ip_address) AS addresses,
        arraySlice(arraySort(groupUniqArray(ip_address)), 1, 20) AS address_list,
        arraySlice(arraySort(groupUniqArray(country)), 1, 20) AS country_list,
        arraySlice(arraySort(groupUniqArray(as_organization)), 1, 20) AS network_list,
        arraySlice(arraySort(groupUniqArray(browser)), 1, 20) AS browser_list
    FROM numbered
    GROUP BY tenant, user_id, number
),
outcomes AS
(
    SELECT
        e.tenant AS tenant, e.user_id AS user_id, e.number AS number,
        minIf((a.ts, a.event_id, a.ip_address, a.country, a.city), a.activity = 'logon' AND a.ts > e.last_ts
            AND toUnixTimestamp64Micro(a.ts) - toUnixTimestamp64Micro(e.last_ts) <= {success_us:UInt64}) AS success
    FROM episodes AS e
    INNER JOIN (SELECT * FROM attempts WHERE activity = 'logon') AS a ON a.tenant = e.tenant AND a.user_id = e.user_id
    GROUP BY tenant, user_id, number
)
SELECT
    episodes.tenant AS tenant,
    'user' AS subject_type,
    episodes.user_id AS subject_id,
    last_email AS subject_email,
    last_name AS subject_name,
    (failures[1]).2 AS finding_key,
    first_ts AS anchor_time,
    first_ts AS start_time,
    outcomes.success.2 != '' AS succeeded,
    if(succeeded, outcomes.success.1, last_ts) AS end_time,
    length(failures) AS failure_count,
    greatest(1, toUInt32(ceil((toUnixTimestamp64Micro(last_ts) - toUnixTimestamp64Micro(first_ts)) / 6e7))) AS minutes,
    arrayConcat(arraySlice(arrayMap(f -> f.2, failures), 1, if(succeeded, 99, 100)), if(succeeded, [outcomes.success.2], [])) AS event_ids,
    toUInt64(failure_count + succeeded) AS event_count,
    round(failure_count / {threshold:UInt32}, 2) AS score,
    if(succeeded, 'high', if(failure_count >= {high_failures:UInt32}, 'medium', 'low')) AS severity,
    concat(if(subject_email != '', subject_email, if(subject_name != '', subject_name, concat('User ', subject_id))),
        ' failed to log on ', toString(failure_count), ' times within ', if(minutes = 1, 'a minute', concat(toString(minutes), ' minutes')), ' from ',
        if(addresses = 1, address_list[1], concat(toString(addresses), ' addresses')), if(succeeded, ', and then succeeded', '')) AS title,
    toJSONString(CAST((
            failure_count, formatDateTime(first_ts, '%FT%TZ'), formatDateTime(last_ts, '%FT%TZ'), addresses, address_list, country_list, network_list, browser_list,
            succeeded, if(succeeded, formatDateTime(outcomes.success.1, '%FT%TZ'), ''), outcomes.success.3, outcomes.success.4, outcomes.success.5,
            succeeded AND has(address_list, outcomes.success.3), {threshold:UInt32}, round({window_us:UInt64} / 6e7, 1)
        ),
        'Tuple(failures UInt64, firstFailure String, lastFailure String, addresses UInt64, ipAddresses Array(String), countries Array(String), networks Array(String), browsers Array(String),
            succeeded Bool, successTime String, successIpAddress String, successCountry String, successCity String, successFromFailingAddress Bool, threshold UInt32, windowMinutes Float64)')) AS evidence,
    CAST([], 'Array(String)') AS suppressed_by
FROM episodes
LEFT JOIN outcomes ON outcomes.tenant = episodes.tenant AND outcomes.user_id = episodes.user_id AND outcomes.number = episodes.number
WHERE anchor_time >= {from:DateTime64(7, 'UTC')} AND anchor_time <= {to:DateTime64(7, 'UTC')}
