UPDATE barlift.operations SET root_span_due_at = CASE WHEN NOT $2 THEN now() END WHERE id = $1
