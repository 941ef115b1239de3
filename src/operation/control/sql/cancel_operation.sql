-- $1: operation id
UPDATE barlift.operations
SET state = 'cancelled', finished_at = now(), paused_at = NULL,
    root_span_due_at = CASE WHEN traced AND barlift.is_sampled(traceparent) THEN now() END
WHERE id = $1 AND finished_at IS NULL
