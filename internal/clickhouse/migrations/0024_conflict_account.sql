ALTER TABLE event_conflicts ADD COLUMN IF NOT EXISTS account String COMMENT 'account or organisation, when it stood and this record named neither user, address nor application'
