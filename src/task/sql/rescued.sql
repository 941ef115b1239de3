-- Nobody else can tell of this attempt any more; whoever exports spans writes its span, and those of the same
-- worker that were still on their way.
WITH rescued AS (
    UPDATE barlift.attempts a
    SET finished_at = now(), outcome = 'rescued', error_class = 'transient',
        error_message = 'the worker died or lost its lease',
        span_due_at = CASE WHEN o.traced AND right(o.traceparent, 2) = '01' THEN now() END
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE a.task_id = $1 AND a.fence = $2 AND a.finished_at IS NULL AND t.id = a.task_id
    RETURNING a.worker
)
UPDATE barlift.attempts a
SET span_due_at = now()
FROM rescued r
WHERE a.worker = r.worker AND a.span_due_at > now()
