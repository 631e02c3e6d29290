ALTER TABLE detection_versions ADD COLUMN IF NOT EXISTS
    candidates String COMMENT 'query for the subjects about whom the view can have findings; empty when there is none' CODEC(ZSTD(3)) AFTER affected
