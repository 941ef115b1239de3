-- One ended operation whose root span is due. Those that were tried and not taken come last.
WITH due AS (
    SELECT id
    FROM barlift.operations
    -- What nobody has wanted for a day is left alone.
    WHERE root_span_due_at BETWEEN now() - interval '1 day' AND now()
    ORDER BY root_span_due_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE barlift.operations o
SET root_span_due_at = now() + make_interval(secs => $1)
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
          coalesce(o.started_at, o.finished_at) AS started_at, t.*,
          -- Right after the end, the last attempt's span may still be open by a hair.
          CASE WHEN now() - o.finished_at < interval '5 seconds' THEN clock_timestamp() ELSE o.finished_at END AS ended_at,
          o.finished_at
