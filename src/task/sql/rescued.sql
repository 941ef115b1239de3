UPDATE barlift.attempts a
SET finished_at = now(), outcome = 'rescued', error_message = 'the worker died or lost its lease'
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE a.task_id = $1 AND a.fence = $2 AND a.finished_at IS NULL AND t.id = a.task_id
RETURNING t.operation_id, t.symbol, t.timeframe, t.source, o.traceparent,
          a.task_id, a.fence, a.attempt, a.worker, a.started_at, a.phases,
          t.rows, t.rows_imported, t.rows_skipped, t.rows_mismatched, t.rows_rejected, t.rows_duplicate,
          t.quality_issues
