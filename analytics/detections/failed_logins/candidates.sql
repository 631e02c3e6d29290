-- The users and addresses with enough failures for a full window, and the tenant as a whole when it has had one.
WITH
failures AS
(
    SELECT
        user_id, ip_address,
        count() OVER (ORDER BY toUnixTimestamp64Milli(ts) RANGE BETWEEN intDiv({distributed_window_us:UInt64}, 1000) PRECEDING AND CURRENT ROW) AS in_window
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'failed_logon'
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(32) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(32)
)
SELECT subject.1 AS subject_id
FROM failures
ARRAY JOIN [(user_id, toUInt32({threshold:UInt32})), (ip_address, toUInt32({spray_attempts:UInt32})), ('distributed', toUInt32(1))] AS subject
WHERE subject_id != '' AND (empty({subjects:Array(String)}) OR subject_id IN {subjects:Array(String)}) AND (subject_id != 'distributed' OR in_window >= {distributed_attempts:UInt32})
GROUP BY subject_id
HAVING count() >= min(subject.2)
