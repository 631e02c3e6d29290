SELECT count() AS present FROM system.tables WHERE database = currentDatabase() AND name = 'events' AND create_table_query LIKE '% TTL toDateTime(ts)%'
