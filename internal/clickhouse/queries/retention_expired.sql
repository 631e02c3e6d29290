-- Months of a table that have passed as a whole.
SELECT DISTINCT partition
FROM system.parts
WHERE database = currentDatabase() AND table = {table:String} AND active AND toUInt32OrZero(partition) < toYYYYMM({before:DateTime64(7, 'UTC')})
ORDER BY partition
