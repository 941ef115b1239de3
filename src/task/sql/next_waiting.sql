-- Gives the next task that waits for the series a job. Tasks that somebody has locked are passed over, and so are those
-- of a newer build: a sweep of that one finds them.
-- $1: series id; $2: the types of operations that this build knows
WITH next AS (
    SELECT t.id
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.waits_for = $1 AND t.state = 'pending' AND o.paused_at IS NULL AND o.type = ANY ($2)
    ORDER BY o.priority DESC, t.id
    LIMIT 1
    FOR NO KEY UPDATE OF t SKIP LOCKED
)
UPDATE barlift.tasks t
SET waits_for = NULL, pushes = t.pushes + 1
FROM next n, barlift.operations o
WHERE t.id = n.id AND o.id = t.operation_id
RETURNING o.type AS kind, t.operation_id, t.id AS task_id, t.pushes, clock_timestamp() AS run_at, o.priority, o.traceparent
