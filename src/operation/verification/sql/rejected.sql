-- $1: task id; $2: limit, or NULL for all
SELECT CASE r.file WHEN 0 THEN t.source ELSE (coalesce(p.more_sources, t.more_sources))[r.file] END AS source,
       r.line, r.byte_offset, r.rule, r.reason, r.raw
FROM barlift.rejected_rows r
JOIN barlift.tasks t ON t.id = r.task_id
-- A series that was verified with others has their files.
LEFT JOIN barlift.tasks p ON p.id = t.part_of
WHERE r.task_id = $1
ORDER BY r.file, r.line
LIMIT $2
