CREATE VIEW IF NOT EXISTS directory AS
SELECT
    tenant, source, directory_id, valid_from,
    leadInFrame(valid_from, 1, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'))
        OVER (PARTITION BY tenant, source, directory_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS valid_to,
    status, kind, user_name, display_name, emails, docusign_user_ids, groups, role, update_time
FROM directory_users FINAL
WHERE NOT removed
COMMENT 'What each person of the directory was from valid_from until valid_to: valid_from <= ts AND ts < valid_to joins an event'
