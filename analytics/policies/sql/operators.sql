-- What the operators ask of a field. /*field*/ is the text of the field, /*a*/ and /*b*/ are names of parameters.
-- @missing text
/*field*/ = ''
-- @missing texts
empty(/*field*/)
-- @missing address
ip_address = '' OR ip = toIPv6('::')
-- @missing number
/*field*/ = 0
-- @missing bool
isNull(/*field*/)
-- @equals text
has(arrayMap(p -> lowerUTF8(p), {/*a*/:Array(String)}), lowerUTF8(/*field*/))
-- @equals texts
arrayExists(v -> has(arrayMap(p -> lowerUTF8(p), {/*a*/:Array(String)}), lowerUTF8(v)), /*field*/)
-- @contains text
arrayExists(p -> position(concat(' ', trim(replaceRegexpAll(lowerUTF8(/*field*/), '[,._ ]+', ' ')), ' '), concat(' ', lowerUTF8(p), ' ')) > 0, {/*a*/:Array(String)})
-- @contains texts
arrayExists(v -> arrayExists(p -> position(concat(' ', trim(replaceRegexpAll(lowerUTF8(v), '[,._ ]+', ' ')), ' '), concat(' ', lowerUTF8(p), ' ')) > 0, {/*a*/:Array(String)}), /*field*/)
-- @starts_with text
arrayExists(p -> startsWith(lowerUTF8(/*field*/), lowerUTF8(p)), {/*a*/:Array(String)})
-- @starts_with texts
arrayExists(v -> arrayExists(p -> startsWith(lowerUTF8(v), lowerUTF8(p)), {/*a*/:Array(String)}), /*field*/)
-- @equals address
arrayExists((first, last) -> ip >= toIPv6(first) AND ip <= toIPv6(last), {/*a*/:Array(String)}, {/*b*/:Array(String)})
-- @starts_with address
arrayExists(p -> startsWith(lower(/*field*/), lower(p)), {/*a*/:Array(String)})
-- @equals number
has(arrayMap(p -> toUInt32(p), {/*a*/:Array(String)}), toUInt32(/*field*/))
-- @in_range number
/*field*/ >= {/*a*/:UInt32} AND /*field*/ <= {/*b*/:UInt32}
-- @equals bool
has({/*a*/:Array(String)}, if(/*field*/, 'true', 'false'))
-- @in_range time
ts >= {/*a*/:DateTime64(7, 'UTC')} AND ts < {/*b*/:DateTime64(7, 'UTC')}
-- @in_range clock
(toUInt32(toHour(toTimeZone(ts, {/*zone*/:String}))) * 60 + toMinute(toTimeZone(ts, {/*zone*/:String})) + 1440 - {/*a*/:UInt32}) % 1440 < {/*b*/:UInt32}
-- @equals weekday
has({/*a*/:Array(String)}, toString(toDayOfWeek(toTimeZone(ts, {/*zone*/:String}))))
-- @is_new
(tenant, user_id, toString(/*field*/), toDate(ts)) IN
(
    SELECT tenant, user_id, value, day
    FROM
    (
        SELECT tenant, user_id, value, day,
            toInt32(day) - toInt32(lagInFrame(day) OVER (PARTITION BY tenant, user_id, value ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS since
        FROM
        (
            SELECT DISTINCT tenant, user_id, toString(/*field*/) AS value, toDate(ts) AS day
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({back_us:UInt64}) - toIntervalDay({/*a*/:UInt32} + 1)
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({ahead_us:UInt64}) /*whose*/
                AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
        )
    )
    WHERE since > {/*a*/:UInt32}
)
-- @missing new
NOT ((tenant, user_id, toDate(ts)) IN
(
    SELECT tenant, user_id, day
    FROM
    (
        SELECT tenant, user_id, day,
            toInt32(day) - toInt32(lagInFrame(day) OVER (PARTITION BY tenant, user_id ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS since
        FROM
        (
            SELECT DISTINCT tenant, user_id, toDate(ts) AS day
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({back_us:UInt64}) - toIntervalDay({/*a*/:UInt32} + 1)
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({ahead_us:UInt64}) /*whose*/
                AND user_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
                AND activity NOT IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication')
        )
    )
    WHERE since <= {/*a*/:UInt32}
)) OR activity IN ('failed_logon', 'docusign_alert', 'lockout', 'recipient_authentication') OR toString(/*field*/) IN ('', '0')
-- @directory
(tenant, event_id) IN
(
    SELECT e.tenant, e.event_id
    FROM
    (
        SELECT tenant, event_id, ts, arrayJoin(arrayFilter(k -> k NOT IN ('', '0', '00000000-0000-0000-0000-000000000000'), /*people*/)) AS key
        FROM events
        WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({back_us:UInt64})
            AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({ahead_us:UInt64}) /*whose*/
    ) AS e
    INNER JOIN
    (
        SELECT tenant, arrayJoin(arrayDistinct(arrayConcat(docusign_user_ids, emails))) AS key, valid_from,
            valid_to, arrayFilter(v -> v != '', /*values*/) AS attributes
        FROM
        (
            SELECT *, leadInFrame(valid_from, 1, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')) OVER
                (PARTITION BY tenant, source, directory_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS valid_to
            FROM directory_users FINAL
            WHERE NOT removed
        )
    ) AS s ON s.tenant = e.tenant AND s.key = e.key
    WHERE s.valid_from <= e.ts AND e.ts < s.valid_to AND (/*test*/)
)
-- @equals matched
-- Evidence of an alert that is raised now. Where an alert names fewer events than it has, whatever lies between its first and its last event and is by
-- its subject, or by anybody where no event names the subject, and is of a class that the detection reads: more than its evidence, and never less.
(
    (tenant, event_id) IN
    (
        SELECT tenant, arrayJoin(event_ids)
        FROM /*raised*/
    )
    OR (tenant, event_id) IN
    (
        SELECT e.tenant, e.event_id
        FROM
        (
            SELECT tenant, event_id, ts, toString(activity) AS class,
                arrayJoin([concat('user ', user_id), concat('user ', affected_user_id), concat('user ', referenced_user_id), concat('address ', ip_address), concat('integration ', integration_key), '*']) AS key
            FROM events
            WHERE held_until <= {line:DateTime64(7, 'UTC')} AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({back_us:UInt64})
                AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({ahead_us:UInt64}) /*whose*/
        ) AS e
        INNER JOIN
        (
            SELECT tenant, toString(detection) AS found_by, start_time, end_time + toIntervalMillisecond(1) AS until,
                if(subject_type NOT IN ('user', 'address', 'integration') OR has({/*many*/:Array(String)}, concat(subject_type, ' ', subject_id)), '*', concat(subject_type, ' ', subject_id)) AS key
            FROM /*raised*/
            WHERE event_count > length(event_ids) OR length(event_ids) >= 100
        ) AS s ON s.tenant = e.tenant AND s.key = e.key
        WHERE e.ts >= s.start_time AND e.ts <= s.until AND (NOT has({/*reads*/:Array(String)}, s.found_by) OR has({/*reads*/:Array(String)}, concat(s.found_by, ' ', e.class)))
    )
)
-- @raised
(
    SELECT tenant, detection, subject_type, subject_id, start_time, end_time, event_ids, event_count
    FROM alert_history
    WHERE detection IN {/*a*/:Array(String)} AND sequence IN
    (
        SELECT latest
        FROM
        (
            SELECT max(sequence) AS latest, argMax(retracted OR notEmpty(suppressed_by), sequence) AS gone, argMax(start_time, sequence) AS began, argMax(end_time, sequence) AS ended
            FROM alert_history
            WHERE detection IN {/*a*/:Array(String)}
            GROUP BY tenant, alert_id
        )
        WHERE NOT gone AND began <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({ahead_us:UInt64}) AND ended >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({back_us:UInt64}) - toIntervalMillisecond(1)
    )
)
