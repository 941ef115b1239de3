-- $1: operation id
SELECT t.symbol, t.timeframe, t.source, m.line, m.time, m.overwritten,
       ARRAY[m.csv_open, m.csv_high, m.csv_low, m.csv_close, m.csv_volume] AS csv,
       ARRAY[m.db_open, m.db_high, m.db_low, m.db_close, m.db_volume] AS db
FROM barlift.mismatches m
JOIN barlift.tasks t ON t.id = m.task_id
WHERE t.operation_id = $1
ORDER BY t.symbol, t.timeframe, t.source, m.line
