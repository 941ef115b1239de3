-- $1: queues; $2: idempotency keys; $3: priority
WITH waiting AS (
    SELECT id
    FROM apalis.jobs
    WHERE job_type = ANY ($1) AND idempotency_key = ANY ($2) AND status IN ('Pending', 'Failed')
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE apalis.jobs j SET priority = $3 FROM waiting WHERE j.id = waiting.id
