UPDATE barlift.attempts
SET finished_at = now(), outcome = 'rescued', error_message = 'the worker died or lost its lease'
WHERE task_id = $1 AND fence = $2 AND finished_at IS NULL
