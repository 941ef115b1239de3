-- Whatever the server, the database or the role has set.
SELECT set_config('timescaledb.enable_direct_compress_copy', 'off', true)
