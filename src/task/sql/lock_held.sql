-- Locks the task if it is still the attempt's.
-- $1: task id; $2: fence
SELECT id FROM barlift.tasks WHERE id = $1 AND fence = $2 AND state || '' = 'running' FOR NO KEY UPDATE
