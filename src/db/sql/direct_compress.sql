-- Whether the server can compress during COPY, and whether its license allows compression.
SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.enable_direct_compress_copy_client_sorted'),
       coalesce(current_setting('timescaledb.license', true), 'timescale') <> 'apache'
