INSERT INTO barlift.quality_issues (task_id, line, time, open, high, low, close, volume, rules)
SELECT $1, *
FROM unnest(
    $2::bigint[], $3::timestamptz[],
    $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[],
    $9::text[])
