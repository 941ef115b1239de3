SELECT t.symbol, t.timeframe, CASE r.file WHEN 0 THEN t.source ELSE t.more_sources[r.file] END AS source,
       r.line, r.byte_offset, r.rule, r.reason, r.raw
FROM barlift.rejected_rows r
JOIN barlift.tasks t ON t.id = r.task_id
WHERE t.operation_id = $1
ORDER BY t.symbol, t.timeframe, r.file, t.source, r.line
