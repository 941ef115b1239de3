-- $1: task id; $2: lines; $3: times; $4: rules; then the values
INSERT INTO barlift.quality_issues (task_id, line, time, rules, {each value: *})
SELECT $1, *
FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], {each value: $next::float8[]})
