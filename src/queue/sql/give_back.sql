-- Locked by their ids alone: what is being taken right now is waited for, and seen.
-- $1: worker; $2: ids of its jobs
WITH locked AS MATERIALIZED (
    SELECT id, lock_by, status FROM apalis.jobs WHERE id = ANY ($2) ORDER BY id FOR NO KEY UPDATE
)
UPDATE apalis.jobs j
SET status = 'Pending', lock_by = NULL, lock_at = NULL
FROM locked l
WHERE j.id = l.id AND l.lock_by = $1 AND l.status = 'Running'
