SELECT detection, reason, count() AS findings
FROM suppressions
GROUP BY detection, reason
ORDER BY detection, findings DESC
