-- What another worker removes at this moment is passed over.
-- $1: queues
WITH old AS MATERIALIZED (
    SELECT id
    FROM apalis.jobs
    WHERE job_type = ANY ($1) AND status IN ('Done', 'Killed') AND done_at < now() - interval '1 day'
    FOR UPDATE SKIP LOCKED
)
DELETE FROM apalis.jobs j USING old WHERE j.id = old.id
