UPDATE barlift.operations
SET state = 'cancelled', finished_at = now(), paused_at = NULL,
    root_span_due_at = CASE WHEN traced AND right(traceparent, 2) = '01' THEN now() END
WHERE id = $1 AND finished_at IS NULL
