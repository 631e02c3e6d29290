ALTER TABLE ip_locations DROP PARTITION {generation:UInt64}
