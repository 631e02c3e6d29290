-- A mutation that failed is tried again for ever; nobody waits for that.
SELECT count()
FROM system.mutations
WHERE database = currentDatabase() AND table = 'events' AND NOT is_done AND NOT is_killed AND latest_fail_reason = ''
