-- $1: operation id; $2: symbol, or NULL for all
SELECT t.id AS task_id, t.symbol, t.timeframe, t.source, t.state, t.attempts AS counted,
       {each counter: t.*},
       t.error_class, t.error_message,
       a.attempt, a.worker, a.started_at, a.outcome, a.error_message AS attempt_error, a.phases, a.slowest,
       (extract(epoch FROM coalesce(a.finished_at, now()) - a.started_at) * 1000 / a.together)::double precision AS attempt_ms
FROM barlift.tasks t
LEFT JOIN barlift.attempts a ON a.task_id = t.id
WHERE t.operation_id = $1 AND ($2::text IS NULL OR t.symbol = $2)
ORDER BY t.symbol, t.timeframe, t.source, a.fence
