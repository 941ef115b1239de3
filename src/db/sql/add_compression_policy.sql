-- An hour after plain rows have come, they are folded in.
SELECT add_compression_policy(
    'barlift.bars', $1::text::interval, if_not_exists => true, schedule_interval => INTERVAL '1 hour')
