UPDATE barlift.operations o
SET finished_at = now(),
    started_at = coalesce(started_at, now()),
    state = CASE
        WHEN EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state = 'failed') THEN 'failed'
        ELSE 'succeeded'
    END,
    root_span_due_at = CASE WHEN traced AND right(traceparent, 2) = '01' THEN now() END
WHERE o.id = $1
  AND o.finished_at IS NULL
  AND NOT EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state IN ('pending', 'running'))
