-- Makes the compression policy, which runs once an hour.
-- $1: age of the chunks to compress, as an interval
SELECT add_compression_policy(
    'barlift.bars', $1::text::interval, if_not_exists => true, schedule_interval => INTERVAL '1 hour')
