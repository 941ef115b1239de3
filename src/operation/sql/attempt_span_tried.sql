UPDATE barlift.attempts SET span_due_at = CASE WHEN NOT $3 THEN now() END WHERE task_id = $1 AND fence = $2
