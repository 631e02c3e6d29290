SELECT max(number) AS version FROM schema_migrations
