-- Inserted bars are compressed later, by the policy, whatever the server, the database or the role has set. A setting that
-- this server does not have is skipped.
SELECT set_config(name, 'off', true)
FROM (VALUES ('timescaledb.enable_direct_compress_insert'),
             ('timescaledb.enable_direct_compress_insert_client_sorted')) wanted (name)
WHERE current_setting(name, true) IS NOT NULL
