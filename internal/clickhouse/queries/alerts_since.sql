-- The first change made at a time or later. Clocks may go back, so it is the first of all, not the one behind the last before.
SELECT min(sequence) AS sequence FROM alert_history WHERE update_time >= {at:DateTime64(7, 'UTC')}
