-- The jobs of operations that begin now. Those of a kind that only a newer build knows are left to that one's sweep.
-- $1: operation ids; $2: the types of operations that this build knows
SELECT o.type AS kind, t.operation_id, t.id AS task_id, t.pushes, clock_timestamp() AS run_at, o.priority, o.traceparent
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.operation_id = ANY ($1) AND t.state = 'pending' AND o.type = ANY ($2)
ORDER BY t.operation_id, t.id
