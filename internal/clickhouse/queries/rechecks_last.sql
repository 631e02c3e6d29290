SELECT max(sequence) AS sequence FROM rechecks
