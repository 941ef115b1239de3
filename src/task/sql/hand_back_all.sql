-- Hands back the tasks that a worker runs. Their attempts were cut off, so any worker may write their spans.
-- $1: worker
WITH held AS (
    SELECT id FROM barlift.tasks WHERE worker = $1 AND state = 'running' ORDER BY id FOR NO KEY UPDATE
), handed_back AS (
    UPDATE barlift.tasks t
    SET state = 'pending', fence = fence + 1, attempts = attempts - 1
    FROM held
    WHERE t.id = held.id
    RETURNING t.id, fence, operation_id
)
UPDATE barlift.attempts a
SET finished_at = now(), outcome = 'handed_back',
    span_due_at = CASE WHEN o.traced AND barlift.is_sampled(o.traceparent) THEN now() END
FROM handed_back h
JOIN barlift.operations o ON o.id = h.operation_id
WHERE a.task_id = h.id AND a.fence = h.fence - 1
