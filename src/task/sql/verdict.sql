UPDATE barlift.tasks SET verdict = $3 WHERE id = $1 AND fence = $2 AND state = 'running'
