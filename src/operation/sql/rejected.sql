-- $1: operation id. A recognised file has the findings of the task that read it (findings_of).
SELECT t.symbol, t.timeframe, CASE r.file WHEN 0 THEN t.source ELSE t.more_sources[r.file] END AS source,
       r.line, r.byte_offset, r.rule, r.reason, r.raw
FROM barlift.tasks t
JOIN barlift.rejected_rows r ON r.task_id = coalesce(t.findings_of, t.id)
WHERE t.operation_id = $1
ORDER BY t.symbol, t.timeframe, r.file, t.source, r.line
