-- Ends an attempt whose worker has died or could not record its end. Any worker that exports spans then builds its span
-- and, if its worker is dead, those spans of that worker that were not stored yet.
-- $1: task id; $2: fence; $3: seconds of a lease
WITH rescued AS (
    UPDATE barlift.attempts a
    SET finished_at = now(), outcome = 'rescued', error_class = 'transient',
        error_message = 'the worker died or lost its lease',
        span_due_at = CASE WHEN o.traced AND barlift.is_sampled(o.traceparent) THEN now() END
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE a.task_id = $1 AND a.fence = $2 AND a.finished_at IS NULL AND t.id = a.task_id
    RETURNING a.worker
), on_their_way AS (
    SELECT a.task_id, a.fence
    FROM barlift.attempts a
    JOIN rescued r ON r.worker = a.worker
    WHERE a.span_due_at > now()
      -- A live worker sends at least three heartbeats a lease, by default six.
      AND NOT EXISTS (
          SELECT FROM apalis.workers w WHERE w.id = r.worker AND w.last_seen > now() - make_interval(secs => $3 / 2))
    FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE barlift.attempts a
SET span_due_at = now()
FROM on_their_way w
WHERE a.task_id = w.task_id AND a.fence = w.fence
