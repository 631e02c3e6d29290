-- The highest sequence ever given, as far as anything remembers it: expired events leave the places that the analysis has reached.
SELECT greatest((SELECT max(sequence) FROM events), (SELECT max(position) FROM checkpoints WHERE name LIKE 'analysis/%')) AS sequence
