-- Ids under which two records stand because a conflict was cut short, with the sequence of the winner.
SELECT tenant, event_id, argMax(sequence, (trust, content_hash, sequence)) AS winner
FROM events
WHERE (tenant, event_id) IN (SELECT tenant, event_id FROM event_conflicts)
GROUP BY tenant, event_id
HAVING count() > 1
