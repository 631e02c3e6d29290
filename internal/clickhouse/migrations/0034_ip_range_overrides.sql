ALTER TABLE ip_ranges
    ADD COLUMN IF NOT EXISTS isp String COMMENT 'who runs the network, in the place of what the databases say; empty when nothing is said',
    ADD COLUMN IF NOT EXISTS asn UInt32 COMMENT 'its autonomous system number; 0 when nothing is said',
    ADD COLUMN IF NOT EXISTS country LowCardinality(String) COMMENT 'where the addresses are, in the place of what the databases say: ISO 3166-1 alpha-2 code; empty when nothing is said',
    ADD COLUMN IF NOT EXISTS country_name LowCardinality(String) COMMENT 'that country in English',
    ADD COLUMN IF NOT EXISTS city String COMMENT 'city; empty when nothing is said',
    ADD COLUMN IF NOT EXISTS has_coordinates Bool COMMENT 'whether latitude and longitude are said',
    ADD COLUMN IF NOT EXISTS latitude Float64 COMMENT 'degrees',
    ADD COLUMN IF NOT EXISTS longitude Float64 COMMENT 'degrees',
    ADD COLUMN IF NOT EXISTS radius_km Float32 COMMENT 'radius within which the addresses lie; 0 when nothing is said',
    ADD COLUMN IF NOT EXISTS places Bool COMMENT 'whether this version or an earlier one of it said where the addresses are or who runs them'
