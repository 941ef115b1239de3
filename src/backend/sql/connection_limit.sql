-- How many connections this role may have at once; superusers are bound by the server's number alone.
SELECT least(
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
    CASE WHEN NOT r.rolsuper AND r.rolconnlimit >= 0 THEN r.rolconnlimit END,
    CASE WHEN NOT r.rolsuper AND d.datconnlimit >= 0 THEN d.datconnlimit END)
FROM pg_roles r, pg_database d
WHERE r.rolname = current_user AND d.datname = current_database()
