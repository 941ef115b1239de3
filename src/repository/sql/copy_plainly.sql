-- Whatever the server, the database or the role has set. A hypertable may be set to compress every COPY (its parameter
-- direct_compress, TimescaleDB 2.29): the server must then sort what comes and not take it for sorted.
SELECT set_config('timescaledb.enable_direct_compress_copy', 'off', true),
       set_config('timescaledb.enable_direct_compress_copy_client_sorted', 'off', true)
