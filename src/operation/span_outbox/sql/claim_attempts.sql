-- Attempts whose span is due: their workers could not store it. The caller stores the spans on this transaction.
-- $1: at most how many; $2: the kinds of operations that this build knows
WITH due AS (
    SELECT task_id, fence
    FROM barlift.attempts a
    -- A span that no worker has built for a day is given up.
    WHERE span_due_at BETWEEN now() - interval '1 day' AND now()
      AND EXISTS (
          SELECT FROM barlift.tasks t JOIN barlift.operations o ON o.id = t.operation_id
          WHERE t.id = a.task_id AND o.type = ANY ($2)
      )
    ORDER BY span_due_at
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE barlift.attempts a
SET span_due_at = NULL
FROM due
JOIN barlift.tasks t ON t.id = due.task_id
JOIN barlift.operations o ON o.id = t.operation_id
LEFT JOIN barlift.verifications v ON v.task_id = t.id AND t.state = 'succeeded'
WHERE a.task_id = due.task_id AND a.fence = due.fence
RETURNING o.type AS kind, t.operation_id, (t.state = 'pending' OR t.fence > a.fence) AS again, t.symbol, t.timeframe, t.source,
          coalesce(a.push, t.pushes) AS job_sequence,
          -- Attempts before a retry are children of the root, not of the retry's span.
          CASE WHEN a.started_at < o.retried_at THEN barlift.with_span_id(o.traceparent, o.root_span_id)
               ELSE o.traceparent END AS traceparent,
          a.task_id, a.fence, a.attempt, a.worker, a.started_at, a.finished_at, a.outcome, a.error_class,
          a.error_message, a.rows, a.phases,
          v.csv_bars AS csv_rows, v.db_bars - v.outside AS db_rows, v.csv_bars = v.db_bars - v.outside AS rows_match,
          t.verdict = 'identical' AS passed
