SELECT read_rows, read_bytes, total_rows_approx, memory_usage, elapsed
FROM system.processes
WHERE endsWith(Settings['log_comment'], {mark:String})
LIMIT 1
