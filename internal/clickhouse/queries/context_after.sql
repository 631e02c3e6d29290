-- What the subject of each finding did in the hour after its last event, by class; each deed counts once, whoever tells of it. The parameters are those of context_traits.
WITH
wanted AS
(
    SELECT
        arrayJoin(arrayZip({wanted_n:Array(UInt32)}, {wanted_types:Array(String)}, {wanted_ids:Array(String)}, {wanted_ends:Array(String)})) AS w,
        w.1 AS n, w.2 AS subject_type, w.3 AS subject_id, toDateTime64(w.4, 7, 'UTC') AS finding_end
),
touched AS
(
    SELECT 'user' AS subject_type, user_id AS subject_id, event_id, ts, activity, envelope_id, concat(toString(source), ' ', toString(object)) AS teller
    FROM events
    WHERE tenant = {tenant:String} AND user_id IN {users:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} AND ts <= {last:DateTime64(7, 'UTC')} + toIntervalHour(1)
    UNION ALL
    SELECT 'address', ip_address, event_id, ts, activity, envelope_id, concat(toString(source), ' ', toString(object))
    FROM events
    WHERE tenant = {tenant:String} AND ip_address IN {addresses:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} AND ts <= {last:DateTime64(7, 'UTC')} + toIntervalHour(1)
    UNION ALL
    SELECT 'integration', integration_key, event_id, ts, activity, envelope_id, concat(toString(source), ' ', toString(object))
    FROM events
    WHERE tenant = {tenant:String} AND integration_key IN {integrations:Array(String)} AND held_until <= {line:DateTime64(7, 'UTC')}
        AND ts >= {first:DateTime64(7, 'UTC')} AND ts <= {last:DateTime64(7, 'UTC')} + toIntervalHour(1)
)
SELECT n, activity, toUInt64(sum(times)) AS deeds, arrayMap(e -> e.2, arraySlice(arraySort(groupArrayArray(some)), 1, 5)) AS event_ids
FROM
(
    -- where Monitor and Connect tell of one envelope, it is what the one says that says most
    SELECT n, activity, thing, max(times_told) AS times, argMax(told, (times_told, teller)) AS some
    FROM
    (
        SELECT n, activity, if(envelope_id != '', envelope_id, event_id) AS thing, teller, count() AS times_told, groupArraySorted(5)((ts, event_id)) AS told
        FROM touched
        INNER JOIN wanted USING (subject_type, subject_id)
        WHERE ts >= finding_end AND ts <= finding_end + toIntervalHour(1)
            AND (n, event_id) NOT IN (SELECT arrayJoin(arrayZip({own_n:Array(UInt32)}, {own_ids:Array(String)})))
        GROUP BY n, activity, thing, teller
    )
    GROUP BY n, activity, thing
)
GROUP BY n, activity
ORDER BY n, deeds DESC, activity
