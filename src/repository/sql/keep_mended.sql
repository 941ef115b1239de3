-- $1: series id; $2: task id; $3: times; then the values
INSERT INTO barlift.mended_bars (series_id, task_id, time, {each value: *})
SELECT $1, $2, *
FROM unnest($3::timestamptz[], {each value: $next::float8[]})
ON CONFLICT (series_id, time) DO UPDATE
SET task_id = EXCLUDED.task_id, {each value: * = EXCLUDED.*}
