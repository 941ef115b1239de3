-- Unless the task runs again. Whether any other one waits is read from the row as it is now.
UPDATE barlift.series
SET held_by = NULL
WHERE id = $1 AND held_by = $2
  AND ($3 OR NOT EXISTS (SELECT FROM barlift.tasks WHERE id = $2 AND state = 'running'))
RETURNING waited_for
