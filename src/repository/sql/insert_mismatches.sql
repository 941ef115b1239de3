INSERT INTO barlift.mismatches (
    task_id, overwritten, line, time,
    csv_open, csv_high, csv_low, csv_close, csv_volume,
    db_open, db_high, db_low, db_close, db_volume)
SELECT $1, $2, *
FROM unnest(
    $3::bigint[], $4::timestamptz[],
    $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[],
    $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::float8[])
