-- Which of the settings the server has and lets be changed.
SELECT name
FROM system.settings
WHERE name IN {names:Array(String)} AND NOT readonly
