-- $1: the operation that was cancelled
WITH cancelled AS (
    UPDATE barlift.operations
    SET state = 'cancelled', finished_at = now(), waiting = false, paused_at = NULL,
        root_span_due_at = CASE WHEN traced AND barlift.is_sampled(traceparent) THEN now() END
    WHERE follows = $1 AND waiting AND finished_at IS NULL
    RETURNING id
)
UPDATE barlift.tasks t
SET state = 'cancelled', finished_at = now()
FROM cancelled c
WHERE t.operation_id = c.id AND t.state = 'pending'
