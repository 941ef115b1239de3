-- Whether the server has so few connections that idle workers must not keep any but the one that listens.
SELECT least(
    current_setting('max_connections')::integer,
    nullif(r.rolconnlimit, -1),
    nullif(d.datconnlimit, -1)) < 50
FROM pg_roles r, pg_database d
WHERE r.rolname = current_user AND d.datname = current_database()
