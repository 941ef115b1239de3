-- $1: task id; $2: numbers; $3: kinds; $4: times; $5 and $6: files and lines; $7 to $11: the files' values; $12 to $16: the
-- database's
INSERT INTO barlift.differences (
    task_id, n, kind, time, source, line,
    csv_open, csv_high, csv_low, csv_close, csv_volume, db_open, db_high, db_low, db_close, db_volume)
SELECT $1, *
FROM unnest(
    $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[],
    $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[],
    $12::float8[], $13::float8[], $14::float8[], $15::float8[], $16::float8[])
