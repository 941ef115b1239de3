-- Unless a retry meanwhile has given the operation another span, or another end.
UPDATE barlift.operations
SET root_span_due_at = CASE WHEN NOT $4 THEN now() END
WHERE id = $1 AND traceparent = $2 AND finished_at = $3
