-- $1: operation id. A recognised file has the findings of the task that read it (findings_of).
SELECT coalesce(nullif(q.symbol, ''), t.symbol) AS symbol, t.timeframe, t.source, q.line, q.time, string_to_array(q.rules, ',') AS rules,
       ARRAY[{each value: q.*}] AS bar
FROM barlift.tasks t
JOIN barlift.quality_issues q ON q.task_id = coalesce(t.findings_of, t.id)
WHERE t.operation_id = $1
ORDER BY t.symbol, t.timeframe, t.source, q.line, q.symbol
