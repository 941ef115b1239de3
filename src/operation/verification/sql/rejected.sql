-- $1: task id; $2: limit, or NULL for all
SELECT CASE r.file WHEN 0 THEN t.source ELSE t.more_sources[r.file] END AS source,
       r.line, r.byte_offset, r.rule, r.reason, r.raw
FROM barlift.rejected_rows r
JOIN barlift.tasks t ON t.id = r.task_id
WHERE r.task_id = $1
ORDER BY r.file, r.line
LIMIT $2
