-- $1: task id; $2: lines; $3: times; $4: rules; $5: symbols, '' where the task has one; then the values
INSERT INTO barlift.quality_issues (task_id, line, time, rules, symbol, {each value: *})
SELECT $1, *
FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], {each value: $next::float8[]})
