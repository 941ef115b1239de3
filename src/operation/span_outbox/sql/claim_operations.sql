-- Ended operations whose root span is due. The caller stores the spans on this transaction.
-- $1: at most how many
WITH due AS (
    SELECT id
    FROM barlift.operations
    -- A span that no worker has built for a day is given up.
    WHERE finished_at IS NOT NULL
      AND root_span_due_at BETWEEN now() - interval '1 day' AND now()
    ORDER BY root_span_due_at
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE barlift.operations o
SET root_span_due_at = NULL
FROM due
JOIN barlift.operations_overview v ON v.id = due.id
WHERE o.id = due.id
RETURNING o.id, o.type AS kind, o.state, o.root, o.traceparent, o.root_span_id,
          -- The span of a retry begins with the retry.
          CASE WHEN o.root_span_id IS NULL THEN coalesce(o.began_at, o.created_at) ELSE o.retried_at END AS began_at,
          CASE WHEN o.root_span_id IS NULL THEN coalesce(o.started_at, o.finished_at) ELSE o.retried_at END AS started_at,
          o.finished_at,
          -- Right after the end, the last attempt's span may still be open for a moment.
          CASE WHEN now() - o.finished_at < interval '5 seconds' THEN clock_timestamp() ELSE o.finished_at END AS ended_at,
          (SELECT count(DISTINCT symbol) FROM barlift.tasks WHERE operation_id = o.id) AS symbols,
          v.tasks AS files, v.failed, v.cancelled, v.rows, v.rows_imported, v.rows_skipped, v.rows_mismatched, v.rows_rejected,
          v.rows_duplicate, v.quality_issues, v.rows_missing, v.identical, v.differing
