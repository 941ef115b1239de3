-- Starts an attempt at each task whose series it may have. The caller has locked the tasks and, by an earlier
-- statement, the series that are there: so this one sees which task has acquired each of them.
-- $1: task ids; $2, $3: symbol and timeframe of each; $4: series of each, NULL if it is not there
-- $5: worker; $6: whether the worker exports spans
-- $7: whether the tasks acquire their series; $8: whether they make those that are not there
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[]) AS g (task_id, symbol, timeframe, series_id)
), made AS (
    -- Sorted, so that two transactions that make the same ones do not deadlock. One that another transaction has just made
    -- is not ours.
    INSERT INTO barlift.series (symbol, timeframe, content, content_at, held_by)
    SELECT symbol, timeframe, 0, now(), task_id FROM given WHERE series_id IS NULL AND $8 ORDER BY symbol, timeframe
    ON CONFLICT DO NOTHING
    RETURNING id, held_by
), acquired AS (
    UPDATE barlift.series s
    SET held_by = g.task_id
    FROM given g
    WHERE s.id = g.series_id
      AND $7
      AND (s.held_by IS NULL
           -- A task whose worker has died still has it.
           OR s.held_by = g.task_id
           OR NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = s.held_by AND h.state || '' = 'running'))
    RETURNING s.id, s.held_by
), ready AS (
    SELECT held_by AS task_id, id AS series_id, true AS is_new FROM made
    UNION ALL
    SELECT held_by, id, false FROM acquired
    UNION ALL
    -- Tasks that only look at their series, or have none.
    SELECT task_id, series_id, false FROM given WHERE CASE WHEN series_id IS NULL THEN NOT $8 ELSE NOT $7 END
), started AS (
    UPDATE barlift.tasks t
    SET state = 'running',
        fence = t.fence + 1,
        attempts = t.attempts + 1,
        worker = $5,
        -- One that still runs is taken over.
        rescues = t.rescues + CASE t.state WHEN 'running' THEN 1 ELSE 0 END,
        series_id = r.series_id,
        waits_for = NULL,
        started_at = coalesce(t.started_at, now()),
        finished_at = NULL
    FROM ready r
    WHERE t.id = r.task_id
    RETURNING t.id, t.operation_id, t.fence, t.attempts, t.pushes, r.series_id, r.is_new
), recorded AS (
    INSERT INTO barlift.attempts (task_id, fence, attempt, worker, push)
    SELECT id, fence, attempts, $5, pushes FROM started
), begun AS (
    -- Most attempts change nothing here.
    UPDATE barlift.operations o
    SET state = 'running', started_at = coalesce(o.started_at, now()), traced = o.traced OR $6
    FROM (SELECT DISTINCT operation_id FROM started) s
    WHERE o.id = s.operation_id AND (o.state = 'scheduled' OR $6 AND NOT o.traced)
)
SELECT id AS task_id, fence, attempts AS attempt, series_id, is_new AS series_is_new,
       EXISTS (SELECT FROM pg_index WHERE indrelid = 'barlift.bars'::regclass AND indisunique) AS has_unique_index
FROM started
