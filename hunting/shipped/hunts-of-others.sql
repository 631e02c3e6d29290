SELECT time, actor, via, hunt, statement, outcome, result_rows, read_rows, elapsed_ms, error
FROM audit_log
WHERE kind = 'hunt' AND time >= now64() - toIntervalDay({days:UInt32})
ORDER BY time DESC
LIMIT 500
