-- Ends the operation if it has no open task. The caller has locked its row in an earlier statement, so that this one
-- sees what every settling before it has committed.
-- $1: operation id
UPDATE barlift.operations o
-- Bars may have been written on this transaction, so it may have begun a while ago.
SET finished_at = clock_timestamp(),
    started_at = coalesce(started_at, now()),
    paused_at = NULL,
    state = CASE
        WHEN EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state = 'failed') THEN 'failed'
        -- Only if nothing failed: what was cancelled was somebody's wish.
        WHEN EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state = 'cancelled') THEN 'cancelled'
        ELSE 'succeeded'
    END,
    root_span_due_at = CASE WHEN traced AND barlift.is_sampled(traceparent) THEN now() END
WHERE o.id = $1
  AND o.finished_at IS NULL
  AND NOT EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state IN ('pending', 'running'))
