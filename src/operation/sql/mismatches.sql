-- $1: operation id
SELECT coalesce(nullif(m.symbol, ''), t.symbol) AS symbol, t.timeframe, t.source, m.line, m.time, m.overwritten,
       ARRAY[{each value: m.csv_*}] AS csv, ARRAY[{each value: m.db_*}] AS db
FROM barlift.mismatches m
JOIN barlift.tasks t ON t.id = m.task_id
WHERE t.operation_id = $1
ORDER BY t.symbol, t.timeframe, t.source, m.line, m.symbol
