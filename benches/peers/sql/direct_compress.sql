SET timescaledb.enable_direct_compress_copy = on;
SET timescaledb.enable_direct_compress_copy_client_sorted = on;
