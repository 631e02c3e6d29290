-- The users and addresses that had a full window of failures, and the tenant as a whole when it had one.
WITH
failures AS
(
    SELECT
        user_id, ip_address, toUnixTimestamp64Milli(ts) AS at,
        count() OVER (PARTITION BY user_id ORDER BY at RANGE BETWEEN intDiv({window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS of_user,
        count() OVER (PARTITION BY ip_address ORDER BY at RANGE BETWEEN intDiv({spray_window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS of_address,
        count() OVER (ORDER BY at RANGE BETWEEN intDiv({distributed_window_us:UInt64}, 1000) + 1 PRECEDING AND CURRENT ROW) AS of_all
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'failed_logon'
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
)
SELECT DISTINCT subject.1 AS subject_id
FROM failures
ARRAY JOIN [(user_id, of_user >= {threshold:UInt32}), (ip_address, of_address >= {spray_attempts:UInt32}), ('distributed', of_all >= {distributed_attempts:UInt32})] AS subject
WHERE subject.2 AND subject_id != '' AND (empty({subjects:Array(String)}) OR subject_id IN {subjects:Array(String)})
