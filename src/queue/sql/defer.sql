-- Only if the worker still has it; its acknowledgement then finds nothing.
-- $1: job id; $2: worker; $3: seconds to wait
UPDATE apalis.jobs
SET status = 'Pending', lock_by = NULL, lock_at = NULL, run_at = now() + make_interval(secs => $3)
WHERE id = $1 AND lock_by || '' = $2
