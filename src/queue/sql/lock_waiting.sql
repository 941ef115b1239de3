-- $1: queue; $2: idempotency keys
SELECT id, idempotency_key, job
FROM apalis.jobs
WHERE job_type = $1 AND idempotency_key = ANY ($2) AND status || '' = 'Pending' AND run_at <= now()
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED
