-- The age at which the compression policy compresses chunks.
SELECT config ->> 'compress_after'
FROM timescaledb_information.jobs
WHERE hypertable_schema = 'barlift' AND hypertable_name = 'bars' AND config ? 'compress_after'
