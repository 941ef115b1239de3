-- Other operations of which a process has claimed files since it enqueued its own.
-- $1: ids of its own operations
-- $2: prefix of the names of its workers
SELECT o.id, count(*) AS files
FROM barlift.operations o
JOIN barlift.tasks t ON t.operation_id = o.id AND starts_with(t.worker, $2)
WHERE (o.finished_at IS NULL
       OR o.finished_at >= (SELECT min(created_at) FROM barlift.operations WHERE id = ANY ($1)))
  AND o.id <> ALL ($1)
GROUP BY o.id, o.created_at
ORDER BY o.created_at, o.id
