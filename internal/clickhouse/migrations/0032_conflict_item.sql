ALTER TABLE event_conflicts
    ADD COLUMN IF NOT EXISTS account_id String COMMENT 'account, as this record says, when it stood',
    ADD COLUMN IF NOT EXISTS envelope_id String COMMENT 'envelope, as this record says, when it stood'
