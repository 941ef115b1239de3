-- The next job of a task that is pending again. A statement of its own: a command may have changed the operation while an
-- earlier one waited.
-- $1: task id; $2: seconds to wait
SELECT o.type AS kind, t.operation_id, t.id AS task_id, t.pushes,
       clock_timestamp() + make_interval(secs => $2) AS run_at, o.priority, o.traceparent
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.id = $1
