-- $1: task id; $2: whether they were overwritten; $3: lines; $4: times; $5: symbols, '' where the task has one; then the file's values and the database's
INSERT INTO barlift.mismatches (task_id, overwritten, line, time, symbol, {each value: csv_*}, {each value: db_*})
SELECT $1, $2, *
FROM unnest($3::bigint[], $4::timestamptz[], $5::text[], {each value: $next::float8[]}, {each value: $next::float8[]})
