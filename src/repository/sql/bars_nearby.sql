SELECT DISTINCT b.time, b.open, b.high, b.low, b.close, b.volume
FROM unnest($2::timestamptz[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[])
    AS s (time, open, high, low, close, volume)
JOIN barlift.bars b
    ON b.series_id = $1
   AND b.time BETWEEN s.time - $8 AND s.time + $8
   AND b.open = s.open AND b.high = s.high AND b.low = s.low AND b.close = s.close AND b.volume = s.volume
ORDER BY b.time
