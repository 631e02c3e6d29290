SELECT max(sequence) AS last, detection, subject_type, subject_id, min(first_ts) AS first, max(last_ts) AS until
FROM
(
    SELECT *, maxIf(sequence, reason = {evaluated:String}) OVER (PARTITION BY detection, subject_type, subject_id) AS evaluated
    FROM rechecks
    WHERE tenant = {tenant:String} AND reason IN ({too_much:String}, {evaluated:String})
)
WHERE sequence > evaluated
GROUP BY detection, subject_type, subject_id
ORDER BY last
