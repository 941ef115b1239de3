UPDATE barlift.bars b
SET open = n.open, high = n.high, low = n.low, close = n.close, volume = n.volume
FROM unnest($2::timestamptz[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[])
    AS n (time, open, high, low, close, volume)
WHERE b.series_id = $1 AND b.time = n.time
  -- In compressed chunks, whatever constants do not rule out is decompressed first.
  AND b.time BETWEEN $8 AND $9
