-- The ids of what a filter selects, in the order of the list.
WITH
/* selected */
SELECT alert_id
FROM selected
ORDER BY sort_key DESC, alert_id DESC
LIMIT {limit:UInt32}
