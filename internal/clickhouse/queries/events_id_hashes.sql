-- The same hash as Go's xxhash.Sum64 over tenant, a zero byte and id.
SELECT xxHash64(concat(tenant, '\0', event_id)) AS hash FROM events
