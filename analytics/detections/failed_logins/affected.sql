-- Whose findings can change when failures and log-ons come. A finding needs as many failures as its threshold within its
-- window, whatever else is learned; who has fewer is left out, which a flood of addresses or of names is mostly made of.
-- Whether somebody's failures belong to a spray rests on the others at the address, within two windows of the spray; to a
-- distributed one, on the others of the tenant, within the window of each, where there can be a distributed one at all.
SELECT subject_type, subject_id, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM
(
    SELECT
        subject.1 AS subject_type, subject.2 AS subject_id,
        minIf(ts, concerned) AS first_ts, maxIf(ts, concerned) AS last_ts,
        if(subject_type = 'user', {threshold:UInt32}, {spray_attempts:UInt32}) AS needed,
        arraySort(groupArrayIf(at, subject.2 != 'distributed')) AS times,
        subject_id = 'distributed' OR arrayExists((a, b) -> b - a <= if(subject_type = 'user', intDiv({window_us:UInt64}, 1000), intDiv({spray_window_us:UInt64}, 1000)),
            arraySlice(times, 1, greatest(0, toInt64(length(times)) - needed + 1)), arraySlice(times, needed)) AS full
    FROM
    (
        SELECT
            ts, at,
            -- how many users and addresses fail near the change at the most, with what lies a window further and counts for them
            countIf(wide) OVER () >= {distributed_attempts:UInt32} AND uniqExactIf(ip_address, wide) OVER () >= {distributed_addresses:UInt32}
                AND uniqExactIf(user, wide AND user != '') OVER () + countIf(wide AND user = '') OVER () >= {distributed_users:UInt32} AS possible,
            -- a late success can begin or end a distributed spray also on the days on which it is learned from
            around AND possible OR later AND there AS of_tenant,
            arrayJoin([('user', user, own OR there AND beside OR of_tenant), ('address', ip_address, there OR of_tenant), ('address', 'distributed', of_tenant)]) AS subject,
            subject.3 AS concerned
        FROM
        (
            SELECT
                *,
                ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond(2 * {spray_window_us:UInt64}) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond(2 * {spray_window_us:UInt64}) OR later AS beside,
                ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({spray_window_us:UInt64} + {distributed_window_us:UInt64})
                    AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({spray_window_us:UInt64} + {distributed_window_us:UInt64}) AS around,
                ts >= {from:DateTime64(7, 'UTC')} - toIntervalMicrosecond({spray_window_us:UInt64} + 2 * {distributed_window_us:UInt64})
                    AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalMicrosecond({spray_window_us:UInt64} + 2 * {distributed_window_us:UInt64}) AS wide
            FROM
            (
                SELECT
                    ip_address, if(user_id IN ('0', '00000000-0000-0000-0000-000000000000'), '', user_id) AS user, ts, toUnixTimestamp64Milli(ts) AS at,
                    user_id IN {users:Array(String)} AS own,
                    ip_address IN {addresses:Array(String)} AS there,
                    -- a success is learned from for 28 days
                    ts > {to:DateTime64(7, 'UTC')} + toIntervalHour(32) AS later
                FROM events
                WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'failed_logon'
                    AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalDay(32)
            )
            WHERE NOT later OR own OR there
        )
    )
    WHERE subject.2 != ''
    GROUP BY subject_type, subject_id
    HAVING full AND countIf(concerned) > 0
    UNION ALL
    -- what stands and may have lost its failures to other records
    SELECT subject_type, subject_id, {from:DateTime64(7, 'UTC')}, {to:DateTime64(7, 'UTC')}, 0, [], true
    FROM alert_history
    WHERE tenant = {tenant:String} AND detection = 'failed_logins'
        AND (subject_type = 'user' AND subject_id IN {users:Array(String)} OR subject_type = 'address' AND (subject_id IN {addresses:Array(String)} OR subject_id = 'distributed'))
        AND start_time <= {to:DateTime64(7, 'UTC')} + toIntervalDay(32) AND end_time >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32)
    GROUP BY subject_type, subject_id
)
WHERE length({integrations:Array(String)}) >= 0
GROUP BY subject_type, subject_id
