-- $1: task id; $2: limit, or NULL for all
SELECT kind, time, source, line,
       CASE WHEN csv_open IS NOT NULL THEN ARRAY[csv_open, csv_high, csv_low, csv_close, csv_volume] END AS csv,
       CASE WHEN db_open IS NOT NULL THEN ARRAY[db_open, db_high, db_low, db_close, db_volume] END AS db
FROM barlift.differences
WHERE task_id = $1
ORDER BY n
LIMIT $2
