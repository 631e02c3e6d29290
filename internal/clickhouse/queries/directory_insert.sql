INSERT INTO directory_users (tenant, source, directory_id, valid_from, status, kind, user_name, display_name, emails, docusign_user_ids, groups, role, removed, update_time, version)
