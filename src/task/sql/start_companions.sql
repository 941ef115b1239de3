-- Series are made in their own order, so that two who make the same ones do not wait for each other. Those that are
-- there are locked by the caller, and held only if nobody else is at them now.
WITH files AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[])
                  AS f (task_id, symbol, timeframe, series_id)
), made AS (
    INSERT INTO barlift.series (symbol, timeframe, content, content_at, held_by)
    SELECT symbol, timeframe, 0, now(), task_id FROM files WHERE series_id IS NULL ORDER BY symbol, timeframe
    ON CONFLICT DO NOTHING
    RETURNING id, held_by
), held AS (
    UPDATE barlift.series s
    SET held_by = f.task_id
    FROM files f
    WHERE s.id = f.series_id
      AND (s.held_by IS NULL
           OR NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = s.held_by AND h.state || '' = 'running'))
    RETURNING s.id, s.held_by
), ours AS (
    SELECT id, held_by, true AS is_new FROM made
    UNION ALL
    SELECT id, held_by, false FROM held
), started AS (
    UPDATE barlift.tasks t
    SET state = 'running',
        fence = t.fence + 1,
        attempts = t.attempts + 1,
        worker = $5,
        series_id = o.id,
        started_at = coalesce(t.started_at, now()),
        finished_at = NULL
    FROM ours o
    WHERE t.id = o.held_by
    RETURNING t.id, t.fence, t.attempts, t.pushes, t.series_id, o.is_new
), recorded AS (
    INSERT INTO barlift.attempts (task_id, fence, attempt, worker, push)
    SELECT id, fence, attempts, $5, pushes FROM started
)
SELECT id, fence, attempts, series_id, is_new FROM started
