-- Removes a compression policy with another age.
-- $1: age of the chunks to compress, as an interval
SELECT remove_compression_policy('barlift.bars')
WHERE EXISTS (
    SELECT FROM timescaledb_information.jobs
    WHERE hypertable_schema = 'barlift' AND hypertable_name = 'bars' AND config ? 'compress_after'
      AND (config ->> 'compress_after')::interval <> $1::text::interval)
