SELECT max(time) FROM schema_migrations
WHERE number = {number:UInt32}
