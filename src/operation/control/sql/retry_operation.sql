-- $1: operation id; $2: id for the span of the retry
-- If the root span has been stored, it cannot change any more; then the new jobs get a parent span below the root.
UPDATE barlift.operations o
SET waiting = waiting AND EXISTS (SELECT FROM barlift.operations f WHERE f.id = o.follows AND f.finished_at IS NULL),
    state = CASE WHEN started_at IS NULL THEN 'scheduled' ELSE 'running' END,
    finished_at = NULL,
    root_span_due_at = NULL,
    retried_at = CASE WHEN stored THEN now() ELSE retried_at END,
    root_span_id = CASE WHEN stored THEN coalesce(root_span_id, barlift.span_id(traceparent)) ELSE root_span_id END,
    traceparent = CASE WHEN stored THEN barlift.with_span_id(traceparent, $2) ELSE traceparent END
FROM (
    SELECT id AS ended,
           -- While it is due, it has not been stored; storing it locks this row.
           finished_at IS NOT NULL AND traced AND barlift.is_sampled(traceparent) AND root_span_due_at IS NULL AS stored
    FROM barlift.operations
    WHERE id = $1
    FOR NO KEY UPDATE
) before
WHERE id = ended
RETURNING type AS kind, traceparent, priority, greatest(run_at, now()) AS run_at, paused_at IS NOT NULL AS paused, waiting
