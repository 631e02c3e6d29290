-- Ranges of the operators that say, or once said, where addresses are or who runs them; also those that were taken back.
SELECT DISTINCT tenant, prefix, valid_from
FROM ip_ranges
WHERE source = 'operator' AND places AND tenant IN {tenants:Array(String)}
