-- Ids under which two records stand because a conflict was cut short; the first of each is the winner.
SELECT tenant, event_id, argMax(content_hash, (trust, content_hash)) AS winner
FROM events
WHERE (tenant, event_id) IN (SELECT tenant, event_id FROM event_conflicts)
GROUP BY tenant, event_id
HAVING count() > 1
