UPDATE barlift.tasks t
SET failures = t.failures + $3
FROM barlift.operations o
WHERE t.id = $1 AND t.fence = $2 AND t.state = 'running' AND o.id = t.operation_id
RETURNING t.failures, o.max_attempts
