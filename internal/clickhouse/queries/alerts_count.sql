WITH
/* selected */
SELECT count() AS total
FROM selected
