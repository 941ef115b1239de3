INSERT INTO barlift.difference_ranges (
    task_id, n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)
SELECT $1, n, kind, first_time, last_time, bars, price_ratio, volume_ratio,
       make_interval(secs => shifted_by / 1000000.0), identical
FROM unnest(
    $2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::float8[], $8::float8[],
    $9::bigint[], $10::bigint[])
    AS r (n, kind, first_time, last_time, bars, price_ratio, volume_ratio, shifted_by, identical)
