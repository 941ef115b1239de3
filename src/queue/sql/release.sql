-- Gives back the jobs of a worker that has ended. apalis may lock the same jobs at this moment, in another order; whoever
-- PostgreSQL ends then tries again.
-- $1: worker
WITH held AS MATERIALIZED (
    SELECT id
    FROM apalis.jobs
    WHERE lock_by = $1 AND status IN ('Queued', 'Running')
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE apalis.jobs j
SET status = 'Pending', lock_by = NULL, lock_at = NULL
FROM held h
WHERE j.id = h.id
