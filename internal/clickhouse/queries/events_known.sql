-- What stands under each id; the projection by_id answers it. While a conflict is being settled two rows may stand.
SELECT event_id, argMax(content_hash, (trust, content_hash)) AS hash, max(trust) AS standing_trust
FROM events
WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)}
GROUP BY event_id
