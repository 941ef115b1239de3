UPDATE barlift.series
SET held_by = $2
WHERE id = $1
  AND (held_by IS NULL
       OR held_by = $2
       OR NOT EXISTS (SELECT FROM barlift.tasks WHERE id = held_by AND state = 'running'))
