UPDATE barlift.series
SET held_by = NULL
WHERE id = $1 AND held_by = $2
  AND NOT EXISTS (SELECT FROM barlift.tasks WHERE id = $2 AND state = 'running')
