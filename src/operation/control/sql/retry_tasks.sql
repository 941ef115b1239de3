UPDATE barlift.tasks
SET state = 'pending', failures = 0, rescues = 0, finished_at = NULL
WHERE id = ANY ($1)
