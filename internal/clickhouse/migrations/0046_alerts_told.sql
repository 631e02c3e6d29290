CREATE OR REPLACE VIEW alerts AS
SELECT
    *,
    multiIf(retracted, 'retracted', notEmpty(suppressed_by), 'suppressed', triage_state) AS state
FROM alert_history
ORDER BY sequence DESC
LIMIT 1 BY tenant, alert_id
COMMENT 'Alerts as they are now: the newest version of each'
