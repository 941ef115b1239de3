-- What the first connection asks a server, in the simple protocol. `barlift.probe` is a startup option of that connection,
-- which a pooler does not pass on. For superusers only the server's number of connections is a limit.
-- The database's own statement_timeout may be shorter than this takes. Both statements are sent as one message, so they are
-- one transaction, and the session, which other clients may get, keeps no setting.
SET LOCAL statement_timeout = 0;
SELECT current_setting('barlift.probe', true) IS NOT NULL AS has_probe,
       pg_backend_pid() AS pid,
       current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() AS standby,
       current_setting('transaction_read_only')::boolean AS read_only,
       (SELECT least(
            current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
            CASE WHEN NOT r.rolsuper AND r.rolconnlimit >= 0 THEN r.rolconnlimit END,
            CASE WHEN NOT r.rolsuper AND d.datconnlimit >= 0 THEN d.datconnlimit END)
        FROM pg_roles r, pg_database d
        WHERE r.rolname = current_user AND d.datname = current_database()) AS granted
