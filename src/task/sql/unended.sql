-- Operations that have no open task and have not ended. Each settling ends the operation itself if it was the last,
-- so there are none but by a fault: an older build, or a database whose isolation level hid one settling from another.
SELECT o.id
FROM barlift.operations o
WHERE o.finished_at IS NULL
  AND NOT EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state IN ('pending', 'running'))
ORDER BY o.id
