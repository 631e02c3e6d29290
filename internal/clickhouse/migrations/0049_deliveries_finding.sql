ALTER TABLE deliveries
    ADD COLUMN IF NOT EXISTS finding UInt64 COMMENT 'tells findings apart, a number of what was found in that version; 0 where it was not recorded' AFTER ended
