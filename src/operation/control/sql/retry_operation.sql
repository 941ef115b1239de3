-- If its root span has been exported, the jobs that follow have a span of their own below that.
UPDATE barlift.operations o
SET waiting = waiting AND EXISTS (SELECT FROM barlift.operations f WHERE f.id = o.follows AND f.finished_at IS NULL),
    state = CASE WHEN started_at IS NULL THEN 'scheduled' ELSE 'running' END,
    finished_at = NULL,
    root_span_due_at = NULL,
    retried_at = CASE WHEN exported THEN now() ELSE retried_at END,
    root_span_id = CASE WHEN exported THEN coalesce(root_span_id, substr(traceparent, 37, 16)) ELSE root_span_id END,
    traceparent = CASE WHEN exported THEN overlay(traceparent PLACING $2 FROM 37 FOR 16) ELSE traceparent END
FROM (
    SELECT id AS ended,
           -- While it is due, it is not; if somebody is about to export it, it is written twice rather than never.
           finished_at IS NOT NULL AND traced AND right(traceparent, 2) = '01' AND root_span_due_at IS NULL AS exported
    FROM barlift.operations
    WHERE id = $1
    FOR UPDATE
) before
WHERE id = ended
RETURNING traceparent, priority, greatest(run_at, now()) AS run_at, paused_at IS NOT NULL AS paused, waiting
