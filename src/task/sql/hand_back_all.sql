-- The attempts were cut off, so their spans are written from here.
WITH handed_back AS (
    UPDATE barlift.tasks
    SET state = 'pending', fence = fence + 1, attempts = attempts - 1
    WHERE worker = $1 AND state = 'running'
    RETURNING id, fence, operation_id
)
UPDATE barlift.attempts a
SET finished_at = now(), outcome = 'handed_back',
    span_due_at = CASE WHEN o.traced AND right(o.traceparent, 2) = '01' THEN now() END
FROM handed_back h
JOIN barlift.operations o ON o.id = h.operation_id
WHERE a.task_id = h.id AND a.fence = h.fence - 1
