-- $1: task id; $2: numbers; $3: kinds; $4 and $5: first and last times; $6: bars; $7 and $8: price and volume ratios;
-- $9: shifts in µs; $10: identical bars
INSERT INTO barlift.difference_ranges (
    task_id, n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)
SELECT $1, n, kind, first_time, last_time, bars, price_ratio, volume_ratio,
       make_interval(secs => shifted_by / 1000000.0), identical
FROM unnest(
    $2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::float8[], $8::float8[],
    $9::bigint[], $10::bigint[])
    AS r (n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)
