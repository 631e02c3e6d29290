SELECT
    (SELECT count() FROM events) AS stored,
    (SELECT count() FROM events WHERE held_until > {line:DateTime64(7, 'UTC')}) AS held,
    (
        SELECT uniqExact(tenant, event_id, content_hash)
        FROM event_conflicts
        WHERE (tenant, event_id, content_hash) NOT IN
        (
            SELECT tenant, event_id, content_hash FROM events WHERE (tenant, event_id) IN (SELECT tenant, event_id FROM event_conflicts)
        )
    ) AS conflicts
