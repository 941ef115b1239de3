-- $1: task ids, locked by the caller
UPDATE barlift.tasks
SET state = 'pending', pushes = pushes + 1, failures = 0, rescues = 0, finished_at = NULL
WHERE id = ANY ($1)
RETURNING id, pushes
