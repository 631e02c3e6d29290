ALTER TABLE dead_letters
    COMMENT COLUMN time 'when it was set aside, refused last or worked on; of the rows of a letter the latest counts',
    ADD COLUMN IF NOT EXISTS first_time DateTime64(3, 'UTC') DEFAULT time COMMENT 'when it was set aside',
    ADD COLUMN IF NOT EXISTS state LowCardinality(String) COMMENT 'empty: it stands; replay: it is to be sent again; sent: the destination took it later; discarded: given up. The last two are kept without their payload',
    ADD COLUMN IF NOT EXISTS author String COMMENT 'who asked for that'
