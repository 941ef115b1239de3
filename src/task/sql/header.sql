UPDATE barlift.tasks SET header = $3, ignored_columns = $4 WHERE id = $1 AND fence = $2 AND state = 'running'
