INSERT INTO schema_migrations (number, name, time)
