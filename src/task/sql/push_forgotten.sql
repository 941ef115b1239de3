-- Settling, retrying and handing back change the task and push its next job in one transaction, so a task
-- seen here without a live job has none. Two sweeps at once must not push twice.
WITH forgotten AS (
    SELECT t.id
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.state IN ('pending', 'running')
      -- What is paused, or waits for another operation, has no jobs.
      AND o.paused_at IS NULL
      AND NOT o.waiting
      -- Nor has what waits for a series that somebody is at.
      AND NOT (t.waits_for IS NOT NULL AND EXISTS (
          SELECT FROM barlift.series s
          JOIN barlift.tasks holder ON holder.id = s.held_by
          WHERE s.id = t.waits_for AND holder.state = 'running'))
      AND NOT EXISTS (
          SELECT FROM apalis.jobs j
          WHERE j.job_type = $1
            AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
            AND j.status IN ('Pending', 'Queued', 'Running', 'Failed'))
    ORDER BY t.id
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE barlift.tasks t
SET pushes = t.pushes + 1
FROM forgotten f, barlift.operations o
WHERE t.id = f.id AND o.id = t.operation_id
RETURNING t.operation_id, t.id, t.pushes, o.priority, o.traceparent, greatest(o.run_at, now()) AS run_at
