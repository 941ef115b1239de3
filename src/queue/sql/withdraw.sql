-- $1: queues; $2: idempotency keys
WITH waiting AS (
    SELECT id
    FROM apalis.jobs
    WHERE job_type = ANY ($1) AND idempotency_key = ANY ($2) AND status IN ('Pending', 'Failed')
    ORDER BY id
    FOR UPDATE
)
DELETE FROM apalis.jobs j USING waiting WHERE j.id = waiting.id
