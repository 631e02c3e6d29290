-- How the selected events become episodes: numbered has every member with the number of its episode.
-- @single
,
numbered AS
(
    SELECT *, event_id AS number, toInt64(1) AS active FROM matched
)
-- @window
,
-- A value is in the window from its event on until the window's length after its last one; its event itself counts as a value
-- where repetitions are counted.
marked AS
(
    SELECT
        *,
        lagInFrame(t) OVER (PARTITION BY tenant, about, value ORDER BY t, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before,
        leadInFrame(t) OVER (PARTITION BY tenant, about, value ORDER BY t, event_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS after
    FROM matched
    WHERE value != ''
),
points AS
(
    SELECT *, point.1 AS at, point.2 AS delta, point.3 AS happens
    FROM marked
    ARRAY JOIN arrayConcat([(t, toInt64(before = 0 OR t - before > {within_us:UInt64}), true)],
        if(after = 0 OR after - t > {within_us:UInt64}, [(t + toInt64({within_us:UInt64}) + 1, toInt64(-1), false)], [])) AS point
),
counted AS
(
    SELECT *, sum(delta) OVER (PARTITION BY tenant, about ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS active
    FROM points
),
-- an event belongs to a full window when the window that ends at it, or at an event within its length after it, is full
members AS
(
    SELECT *
    FROM
    (
        SELECT *, minIf(at, happens AND active >= {count:UInt32}) OVER (PARTITION BY tenant, about ORDER BY at RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS full_at
        FROM counted
    )
    WHERE happens AND full_at > 0 AND full_at - t <= {within_us:UInt64}
)
-- @sequence
,
chain1 AS
(
    SELECT *, if(s1, t, toInt64(0)) AS c1 FROM matched WHERE /*some*/
)/*chains*/,
members AS
(
    SELECT *, toInt64(/*last*/ > 0) AS active
    FROM
    (
        SELECT *, minIf(/*last*/, /*last*/ > 0) OVER (PARTITION BY tenant, about ORDER BY t RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS begun
        FROM /*chain*/
    )
    WHERE begun > 0 AND begun <= t
)
-- @chain
,
-- when the latest series of the steps before began that another event, of the same time or earlier, completes
chain/*n*/ AS
(
    SELECT *, if(s/*n*/ AND begun > 0 AND t - begun <= {within_us:UInt64}, begun, toInt64(0)) AS c/*n*/
    FROM
    (
        SELECT * EXCEPT (begun), greatest(
            max(c/*m*/) OVER (PARTITION BY tenant, about ORDER BY t, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            max(c/*m*/) OVER (PARTITION BY tenant, about, t ORDER BY event_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS begun
        FROM (SELECT *, toInt64(0) AS begun FROM chain/*m*/)
    )
)
-- @episodes
,
numbered AS
(
    SELECT *, sum(begins) OVER (PARTITION BY tenant, about ORDER BY t, event_id ROWS UNBOUNDED PRECEDING) AS number
    FROM
    (
        SELECT *, t - lagInFrame(t) OVER (PARTITION BY tenant, about ORDER BY t, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > {within_us:UInt64} AS begins
        FROM members
    )
)
