ALTER TABLE audit_log
    ADD COLUMN IF NOT EXISTS statement_cut Bool COMMENT 'the statement was longer than the 64 KiB of it that are kept',
    COMMENT COLUMN kind 'what was done: hunt, or hunt_create, hunt_update or hunt_delete of a saved one',
    COMMENT COLUMN error 'what was wrong, without values: name and code of ClickHouse, and its text where that is about names and limits'
