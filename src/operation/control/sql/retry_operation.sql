-- If its root span has been stored, its content is final, and the jobs that follow have a span of their own below that.
UPDATE barlift.operations o
SET waiting = waiting AND EXISTS (SELECT FROM barlift.operations f WHERE f.id = o.follows AND f.finished_at IS NULL),
    state = CASE WHEN started_at IS NULL THEN 'scheduled' ELSE 'running' END,
    finished_at = NULL,
    root_span_due_at = NULL,
    retried_at = CASE WHEN stored THEN now() ELSE retried_at END,
    root_span_id = CASE WHEN stored THEN coalesce(root_span_id, substr(traceparent, 37, 16)) ELSE root_span_id END,
    traceparent = CASE WHEN stored THEN overlay(traceparent PLACING $2 FROM 37 FOR 16) ELSE traceparent END
FROM (
    SELECT id AS ended,
           -- While it is due, nobody has stored it. Whoever stores it locks this row.
           finished_at IS NOT NULL AND traced AND right(traceparent, 2) = '01' AND root_span_due_at IS NULL AS stored
    FROM barlift.operations
    WHERE id = $1
    FOR NO KEY UPDATE
) before
WHERE id = ended
RETURNING traceparent, priority, greatest(run_at, now()) AS run_at, paused_at IS NOT NULL AS paused, waiting
