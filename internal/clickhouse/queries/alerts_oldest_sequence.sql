SELECT min(sequence) AS sequence FROM alert_history
