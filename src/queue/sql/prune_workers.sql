-- What another worker removes at this moment is passed over.
-- $1: queues
WITH gone AS MATERIALIZED (
    SELECT id
    FROM apalis.workers w
    WHERE worker_type = ANY ($1)
      AND last_seen < now() - interval '1 day'
      AND NOT EXISTS (SELECT FROM apalis.jobs WHERE lock_by = w.id)
    FOR UPDATE SKIP LOCKED
)
DELETE FROM apalis.workers w USING gone WHERE w.id = gone.id
