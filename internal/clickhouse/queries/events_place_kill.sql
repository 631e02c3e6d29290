-- A mutation that fails is tried again for ever, and holds back those after it: that of a conflict, too. What it was to do is done by the next one.
KILL MUTATION
WHERE database = currentDatabase() AND table = 'events' AND NOT is_done AND latest_fail_reason != '' AND position(command, 'ip_placements') > 0
SYNC
