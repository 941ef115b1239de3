-- $1: worker
SELECT id, job FROM apalis.jobs WHERE lock_by = $1 AND status IN ('Queued', 'Running')
