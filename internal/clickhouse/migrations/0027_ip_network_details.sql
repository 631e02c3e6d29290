ALTER TABLE ip_networks
    ADD COLUMN IF NOT EXISTS names Array(String) COMMENT 'its name for people' AFTER sources,
    ADD COLUMN IF NOT EXISTS confidences Array(UInt8) COMMENT 'its confidence, 0 to 100' AFTER tags
