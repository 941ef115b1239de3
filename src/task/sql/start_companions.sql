-- Series are made in their own order, so that two who make the same ones do not wait for each other.
WITH made AS (
    INSERT INTO barlift.series (symbol, timeframe, content, content_at, held_by)
    SELECT n.symbol, n.timeframe, 0, now(), n.task_id
    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (task_id, symbol, timeframe)
    ORDER BY n.symbol, n.timeframe
    ON CONFLICT DO NOTHING
    RETURNING id, held_by
), started AS (
    UPDATE barlift.tasks t
    SET state = 'running',
        fence = t.fence + 1,
        attempts = t.attempts + 1,
        worker = $4,
        series_id = m.id,
        started_at = coalesce(t.started_at, now()),
        finished_at = NULL
    FROM made m
    WHERE t.id = m.held_by
    RETURNING t.id, t.fence, t.attempts, t.pushes, t.series_id
), recorded AS (
    INSERT INTO barlift.attempts (task_id, fence, attempt, worker, push)
    SELECT id, fence, attempts, $4, pushes FROM started
)
SELECT id, fence, attempts, series_id FROM started
