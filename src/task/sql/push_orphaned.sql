-- Gives the tasks that have no job a new one.
-- $1: queues; $2: the types of operations that this build knows
-- Settling, retrying and handing back change the task and push its next job in one transaction, so a task
-- seen here without a live job has none. Two sweeps at once must not push twice, nor must one push for a task that got a
-- job since it was seen.
WITH seen AS MATERIALIZED (
    SELECT t.id, t.pushes
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.state IN ('pending', 'running')
      -- What is paused, or waits for another operation or for its series, has no jobs.
      AND o.paused_at IS NULL
      AND o.type = ANY ($2)
      AND NOT o.waiting
      AND t.waits_for IS NULL
      AND NOT EXISTS (
          SELECT FROM apalis.jobs j
          WHERE j.job_type = ANY ($1)
            AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
            AND j.status IN ('Pending', 'Queued', 'Running', 'Failed'))
), orphaned AS (
    SELECT t.id
    FROM barlift.tasks t
    JOIN seen s ON s.id = t.id
    WHERE t.pushes = s.pushes AND t.state || '' IN ('pending', 'running') AND t.waits_for IS NULL
    ORDER BY t.id
    FOR NO KEY UPDATE OF t SKIP LOCKED
)
UPDATE barlift.tasks t
SET pushes = t.pushes + 1
FROM orphaned f, barlift.operations o
WHERE t.id = f.id AND o.id = t.operation_id
RETURNING o.type AS kind, t.operation_id, t.id AS task_id, t.pushes, greatest(o.run_at, now()) AS run_at, o.priority,
          o.traceparent
