-- Frees the series, unless its task runs again. Whether another task waits is read from the row as it is now.
-- $1: series id
-- $2: task id
-- $3: whether the caller knows that the task does not run
UPDATE barlift.series
SET held_by = NULL
WHERE id = $1 AND held_by = $2
  AND ($3 OR NOT EXISTS (SELECT FROM barlift.tasks t WHERE t.id = $2 AND t.state || '' = 'running'))
RETURNING waited_for
