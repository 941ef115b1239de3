-- The bars that series have, each from its own first time to its last; at most $4 of each.
SELECT f.series_id, b.time, b.open, b.high, b.low, b.close, b.volume
FROM unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) AS f (series_id, first, last)
-- With a limit, so that each is looked up in the index.
CROSS JOIN LATERAL (
    SELECT time, open, high, low, close, volume
    FROM barlift.bars
    WHERE series_id = f.series_id AND time BETWEEN f.first AND f.last
    ORDER BY time
    LIMIT $4
) b
ORDER BY f.series_id, b.time
