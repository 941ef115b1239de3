WITH started AS (
    UPDATE barlift.tasks
    SET state = 'running',
        fence = fence + 1,
        attempts = attempts + 1,
        worker = $2,
        rescues = $3,
        series_id = $4,
        waits_for = NULL,
        started_at = coalesce(started_at, now()),
        finished_at = NULL
    WHERE id = $1
    RETURNING id, operation_id, fence, attempts, pushes
), recorded AS (
    INSERT INTO barlift.attempts (task_id, fence, attempt, worker, push)
    SELECT id, fence, attempts, $2, pushes FROM started
), begun AS (
    -- Most attempts change nothing here.
    UPDATE barlift.operations o
    SET state = 'running', started_at = coalesce(o.started_at, now()), traced = o.traced OR $5
    FROM started
    WHERE o.id = started.operation_id AND (o.state = 'scheduled' OR $5 AND NOT o.traced)
)
SELECT fence, attempts,
       EXISTS (SELECT FROM pg_index WHERE indrelid = 'barlift.bars'::regclass AND indisunique)
FROM started
