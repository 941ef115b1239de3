-- Whether the server can compress what COPY brings, and whether its license lets it.
SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.enable_direct_compress_copy_client_sorted'),
       coalesce(current_setting('timescaledb.license', true), 'timescale') <> 'apache'
