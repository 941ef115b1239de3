UPDATE barlift.tasks
SET recognised = true, rows = $3, rows_skipped = $3, checkpoint = $4
WHERE id = $1 AND fence = $2 AND state = 'running'
