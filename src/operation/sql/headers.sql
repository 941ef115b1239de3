-- $1: operation id. A recognised file has the findings of the task that read it (findings_of).
SELECT t.source, t.timeframe, r.header, r.layout -> 'csv' AS csv, r.layout ->> 'timezone' AS timezone
FROM barlift.tasks t
JOIN barlift.tasks r ON r.id = coalesce(t.findings_of, t.id)
WHERE t.operation_id = $1 AND t.rows_rejected > 0
ORDER BY t.source
