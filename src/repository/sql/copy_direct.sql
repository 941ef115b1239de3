-- Into compressed batches: no series has bars where these come.
SELECT set_config('timescaledb.enable_direct_compress_copy', 'on', true),
       set_config('timescaledb.enable_direct_compress_copy_client_sorted', 'on', true)
