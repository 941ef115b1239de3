-- A retry meanwhile has given the operation another span.
UPDATE barlift.operations
SET root_span_due_at = CASE WHEN NOT $3 THEN now() END
WHERE id = $1 AND traceparent = $2 AND finished_at IS NOT NULL
