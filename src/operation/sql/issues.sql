SELECT t.symbol, t.timeframe, t.source, q.line, q.time, q.rules,
       ARRAY[q.open, q.high, q.low, q.close, q.volume] AS bar
FROM barlift.quality_issues q
JOIN barlift.tasks t ON t.id = q.task_id
WHERE t.operation_id = $1
ORDER BY t.symbol, t.timeframe, t.source, q.line
