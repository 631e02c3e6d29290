ALTER TABLE ip_networks DROP PARTITION {generation:UInt64}
