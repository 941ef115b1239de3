-- Other operations with files that any worker may claim now.
-- $1: ids of the operations to leave out
SELECT o.id, count(*) AS files
FROM barlift.operations o
JOIN barlift.tasks t ON t.operation_id = o.id AND t.state = 'pending'
WHERE o.finished_at IS NULL AND o.paused_at IS NULL AND NOT o.waiting AND o.run_at <= now() AND o.id <> ALL ($1)
GROUP BY o.id, o.created_at
ORDER BY o.created_at, o.id
