SELECT max(sequence) AS sequence FROM alert_history
