-- One ended operation whose root span nobody has exported, and nobody is exporting now.
WITH due AS (
    SELECT id
    FROM barlift.operations
    WHERE traced AND finished_at IS NOT NULL AND root_span_emitted_at IS NULL
      AND right(traceparent, 2) = '01'
      AND coalesce(root_span_claimed_until <= now(), true)
    ORDER BY finished_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE barlift.operations o
SET root_span_claimed_until = now() + make_interval(secs => $1)
FROM due, LATERAL (
    SELECT count(DISTINCT symbol) AS symbols,
           count(*) AS files,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           coalesce(sum(rows), 0)::bigint AS rows,
           coalesce(sum(rows_imported), 0)::bigint AS rows_imported,
           coalesce(sum(rows_skipped), 0)::bigint AS rows_skipped,
           coalesce(sum(rows_mismatched), 0)::bigint AS rows_mismatched,
           coalesce(sum(rows_rejected), 0)::bigint AS rows_rejected,
           coalesce(sum(rows_duplicate), 0)::bigint AS rows_duplicate,
           coalesce(sum(quality_issues), 0)::bigint AS quality_issues
    FROM barlift.tasks
    WHERE operation_id = due.id
) t
WHERE o.id = due.id
RETURNING o.id, o.type, o.state, o.root, o.traceparent, coalesce(o.began_at, o.created_at) AS began_at,
          o.started_at, o.finished_at, t.*
