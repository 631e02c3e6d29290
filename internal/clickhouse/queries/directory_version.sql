SELECT max(version) AS version FROM directory_users
