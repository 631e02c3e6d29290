-- Why a mutation that puts events elsewhere failed; no row when none did.
SELECT latest_fail_reason
FROM system.mutations
WHERE database = currentDatabase() AND table = 'events' AND NOT is_done AND latest_fail_reason != '' AND position(command, 'ip_placements') > 0
LIMIT 1
