ALTER TABLE events ADD COLUMN IF NOT EXISTS network_by LowCardinality(String) COMMENT 'database that names the network, and its build date; empty when none does' AFTER located_by
