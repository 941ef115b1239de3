-- $1: series id; $2 to $7: times, open, high, low, close, volume; $8: interval
SELECT DISTINCT b.time, b.open, b.high, b.low, b.close, b.volume
FROM unnest($2::timestamptz[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[])
    AS s (time, open, high, low, close, volume)
CROSS JOIN LATERAL (
    SELECT *
    FROM barlift.bars
    WHERE series_id = $1
      AND time BETWEEN s.time - $8 AND s.time + $8
      AND open = s.open AND high = s.high AND low = s.low AND close = s.close AND volume = s.volume
    -- Many bars alike tell of no shift.
    LIMIT 50
) b
ORDER BY b.time
