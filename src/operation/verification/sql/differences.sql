-- $1: task id; $2: limit, or NULL for all
SELECT kind, time, source, line,
       CASE WHEN csv_open IS NOT NULL THEN ARRAY[{each value: csv_*}] END AS csv,
       CASE WHEN db_open IS NOT NULL THEN ARRAY[{each value: db_*}] END AS db
FROM barlift.differences
WHERE task_id = $1
ORDER BY n
LIMIT $2
