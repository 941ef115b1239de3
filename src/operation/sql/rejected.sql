-- $1: operation id. A recognised file has the findings of the task that read it (findings_of); a series that was verified
-- with others has the files of the task that did it (part_of).
SELECT coalesce(nullif(r.symbol, ''), t.symbol) AS symbol, t.timeframe,
       CASE r.file WHEN 0 THEN t.source ELSE (coalesce(p.more_sources, t.more_sources))[r.file] END AS source,
       r.line, r.byte_offset, r.rule, r.reason, r.raw
FROM barlift.tasks t
JOIN barlift.rejected_rows r ON r.task_id = coalesce(t.findings_of, t.id)
LEFT JOIN barlift.tasks p ON p.id = t.part_of
WHERE t.operation_id = $1
-- The rows of a file follow each other.
ORDER BY coalesce(p.symbol, t.symbol), t.timeframe, coalesce(p.source, t.source), r.file, r.line, 1
