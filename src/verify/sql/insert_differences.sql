-- $1: task id; $2: numbers; $3: kinds; $4: times; $5 and $6: files and lines; then the files' values and the database's
INSERT INTO barlift.differences (task_id, n, kind, time, source, line, {each value: csv_*}, {each value: db_*})
SELECT $1, *
FROM unnest(
    $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[],
    {each value: $next::float8[]},
    {each value: $next::float8[]})
