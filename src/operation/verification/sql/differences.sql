SELECT kind, time, source, line,
       csv_open, csv_high, csv_low, csv_close, csv_volume, db_open, db_high, db_low, db_close, db_volume
FROM barlift.differences
WHERE task_id = $1
ORDER BY n
LIMIT $2
