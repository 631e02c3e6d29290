ALTER TABLE alert_history
    ADD COLUMN IF NOT EXISTS told_title String DEFAULT title COMMENT 'the title with names in the place of ids, as people are shown it',
    ADD COLUMN IF NOT EXISTS subject_names Array(String) DEFAULT arrayDistinct(arrayFilter(n -> n != '', [lowerUTF8(subject_email), lowerUTF8(subject_name), lowerUTF8(JSONExtractString(context, 'directory', 'name')), lowerUTF8(JSONExtractString(context, 'directory', 'email'))]))
        COMMENT 'names and e-mails of the subject as the events and the directory have them, in lower case'
