-- $1: series id; $2, $3: first and last time of the new bars
-- $4, $5: from when to when the chunks reach that the new bars touch
-- Into compressed batches if, in the chunks from $4 to $5, all bars of the series lie before those of $2 to $3, or all
-- behind them.
SELECT set_config('timescaledb.enable_direct_compress_copy', way.direct, true),
       set_config('timescaledb.enable_direct_compress_copy_client_sorted', way.direct, true)
FROM (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM barlift.bars WHERE series_id = $1 AND time >= $2 AND time < $5) THEN 'on'
        WHEN NOT EXISTS (SELECT FROM barlift.bars WHERE series_id = $1 AND time >= $4 AND time <= $3) THEN 'on'
        ELSE 'off'
    END AS direct
) way
