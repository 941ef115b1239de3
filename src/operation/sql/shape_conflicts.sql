-- $1: operation id. A recognised file has the findings of the task that read it (findings_of).
SELECT t.symbol, t.timeframe, t.source, r.shape_conflict AS message
FROM barlift.tasks t
JOIN barlift.tasks r ON r.id = coalesce(t.findings_of, t.id)
WHERE t.operation_id = $1 AND r.shape_conflict IS NOT NULL
ORDER BY t.symbol, t.timeframe, t.source
