UPDATE barlift.tasks t
SET pushes = t.pushes + 1
FROM barlift.operations o
WHERE t.id = $1 AND o.id = t.operation_id
RETURNING o.id, t.pushes, o.priority, o.traceparent
