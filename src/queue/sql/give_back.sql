UPDATE apalis.jobs
SET status = 'Pending', lock_by = NULL, lock_at = NULL
WHERE id = ANY ($2) AND lock_by = $1 AND status = 'Running'
