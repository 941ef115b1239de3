-- $1: task ids, locked by the caller; $2: their new state; $3: outcome of their attempts
-- A new fence keeps the worker of a running task from committing anything more; a new job sequence makes the job of a
-- pending task stale.
WITH before AS (
    SELECT id, state, fence FROM barlift.tasks WHERE id = ANY ($1)
), stopped AS (
    UPDATE barlift.tasks t
    SET state = $2,
        pushes = t.pushes + 1,
        -- A pending task has no worker to fence off.
        fence = t.fence + CASE WHEN b.state = 'running' THEN 1 ELSE 0 END,
        attempts = t.attempts - CASE WHEN $3 = 'handed_back' AND b.state = 'running' THEN 1 ELSE 0 END,
        finished_at = CASE WHEN $2 = 'cancelled' THEN now() END
    FROM before b
    WHERE t.id = b.id
    RETURNING t.id, t.operation_id, b.state, b.fence
)
-- The worker cannot settle its attempt any more, so this ends the attempt, and its span is exported from the table.
UPDATE barlift.attempts a
SET finished_at = now(), outcome = $3,
    span_due_at = CASE WHEN o.traced AND barlift.is_sampled(o.traceparent) THEN now() END
FROM stopped s
JOIN barlift.operations o ON o.id = s.operation_id
WHERE s.state = 'running' AND a.task_id = s.id AND a.fence = s.fence
