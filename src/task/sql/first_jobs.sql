-- The jobs of operations that begin now.
-- $1: operation ids
SELECT o.type AS kind, t.operation_id, t.id AS task_id, t.pushes, clock_timestamp() AS run_at, o.priority, o.traceparent
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.operation_id = ANY ($1) AND t.state = 'pending'
ORDER BY t.operation_id, t.id
