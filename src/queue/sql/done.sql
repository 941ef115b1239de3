-- As apalis leaves a job that is acknowledged.
-- $1: worker; $2: ids of its jobs
WITH locked AS MATERIALIZED (
    SELECT id, lock_by, status FROM apalis.jobs WHERE id = ANY ($2) ORDER BY id FOR NO KEY UPDATE
)
UPDATE apalis.jobs j
SET status = 'Done', attempts = j.attempts + 1, last_result = '{"Ok": null}', done_at = now()
FROM locked l
WHERE j.id = l.id AND l.lock_by = $1 AND l.status = 'Running'
