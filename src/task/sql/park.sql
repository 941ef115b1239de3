-- Fails a task without an attempt. The caller has locked its row.
-- $1: task id; $2: error class; $3: error message; $4: worker
WITH parked AS (
    UPDATE barlift.tasks
    SET state = 'failed', rescues = rescues + CASE state WHEN 'running' THEN 1 ELSE 0 END,
        fence = fence + 1, finished_at = now(), error_class = $2, error_message = $3
    WHERE id = $1
    RETURNING id, fence, attempts, operation_id, series_id
), recorded AS (
    -- So that the trace, too, says why it failed.
    INSERT INTO barlift.attempts
        (task_id, fence, attempt, worker, finished_at, outcome, error_class, error_message, span_due_at)
    SELECT p.id, p.fence, greatest(p.attempts, 1), $4, now(), 'failed', $2, $3,
           CASE WHEN o.traced AND barlift.is_sampled(o.traceparent) THEN now() END
    FROM parked p
    JOIN barlift.operations o ON o.id = p.operation_id
)
SELECT operation_id, series_id FROM parked
