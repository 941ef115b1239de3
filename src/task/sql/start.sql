WITH started AS (
    UPDATE barlift.tasks
    SET state = 'running',
        fence = fence + 1,
        attempts = attempts + 1,
        worker = $2,
        rescues = $3,
        series_id = $4,
        started_at = coalesce(started_at, now()),
        finished_at = NULL
    WHERE id = $1
    RETURNING id, fence, attempts, pushes
), recorded AS (
    INSERT INTO barlift.attempts (task_id, fence, attempt, worker, push)
    SELECT id, fence, attempts, $2, pushes FROM started
)
SELECT fence, attempts FROM started
