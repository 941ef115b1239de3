-- $1: task ids, locked by the caller
UPDATE barlift.tasks
SET pushes = pushes + 1
WHERE id = ANY ($1)
RETURNING id, pushes
