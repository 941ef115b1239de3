-- $1: series id; $2: times; $3, $4: the first and the last of them; then the values
UPDATE barlift.bars b
SET {each value: * = n.*}
FROM unnest($2::timestamptz[], {each value: $next::float8[]}) AS n (time, {each value: *})
WHERE b.series_id = $1 AND b.time = n.time
  -- In compressed chunks, whatever constants do not rule out is decompressed first.
  AND b.time BETWEEN $3 AND $4
