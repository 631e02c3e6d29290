-- Failures near a change at their address or tenant: whether a user's failures belong to a spray, and an address's to a
-- distributed one, rests on the others'. A member rests on what lies up to four hours away with the longest windows, and
-- has enough failures for a finding of its own within six hours more.
WITH
near AS
(
    SELECT ip_address, user_id, ts, ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(5) AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(5) AS close
    FROM events
    WHERE held_until <= {line:DateTime64(7, 'UTC')} AND tenant = {tenant:String} AND activity = 'failed_logon'
        AND ts >= {from:DateTime64(7, 'UTC')} - toIntervalHour(12)
        AND ts <= {to:DateTime64(7, 'UTC')} + toIntervalHour(12)
)
SELECT subject.1 AS subject_type, subject.2 AS subject_id, minIf(ts, close) AS first_ts, maxIf(ts, close) AS last_ts
FROM
(
    SELECT *, max(close AND has({addresses:Array(String)}, ip_address)) OVER () AS concerned
    FROM near
)
ARRAY JOIN [('user', user_id), ('address', ip_address), ('address', 'distributed')] AS subject
WHERE concerned AND length({users:Array(String)}) + length({integrations:Array(String)}) >= 0
GROUP BY subject_type, subject_id
HAVING countIf(close) > 0 AND subject_id NOT IN ('', '0', '00000000-0000-0000-0000-000000000000')
    AND count() >= multiIf(subject_id = 'distributed', 1, subject_type = 'user', 3, 5)
