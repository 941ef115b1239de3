-- A migration of its own: whoever reads the view locks it before the table.
CREATE OR REPLACE VIEW barlift.operations_overview AS
SELECT
    o.id, o.type, o.state, o.traceparent, o.root, o.unrecognised, o.created_at, o.run_at, o.started_at, o.finished_at,
    coalesce((o.options ->> 'dry_run')::boolean, false) AS dry_run,
    t.tasks, t.pending, t.running, t.succeeded, t.failed, t.cancelled,
    t.rows, t.rows_imported, t.rows_skipped, t.rows_mismatched, t.rows_rejected, t.rows_duplicate, t.quality_issues,
    t.bytes, t.bytes_done,
    o.priority, o.paused_at,
    o.follows, o.waiting, t.rows_missing, t.identical, t.differing,
    o.options ->> 'mode' AS mode, coalesce(jsonb_array_length(o.options -> 'unexplained'), 0)::bigint AS unexplained
FROM barlift.operations o
CROSS JOIN LATERAL (
    SELECT
        -- The series of a file with several symbols have tasks of their own, once they are verified.
        count(*) FILTER (WHERE NOT has_parts) AS tasks,
        count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'succeeded' AND NOT has_parts) AS succeeded,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
        coalesce(sum(rows), 0)::bigint AS rows,
        coalesce(sum(rows_imported), 0)::bigint AS rows_imported,
        coalesce(sum(rows_skipped), 0)::bigint AS rows_skipped,
        coalesce(sum(rows_mismatched), 0)::bigint AS rows_mismatched,
        coalesce(sum(rows_rejected), 0)::bigint AS rows_rejected,
        coalesce(sum(rows_duplicate), 0)::bigint AS rows_duplicate,
        coalesce(sum(quality_issues), 0)::bigint AS quality_issues,
        coalesce(sum(source_bytes), 0)::bigint AS bytes,
        coalesce(sum(CASE WHEN state IN ('pending', 'running') THEN least(coalesce(stored_read, checkpoint), source_bytes)
                          ELSE source_bytes END), 0)::bigint AS bytes_done,
        coalesce(sum(rows_missing), 0)::bigint AS rows_missing,
        count(*) FILTER (WHERE state = 'succeeded' AND verdict = 'identical') AS identical,
        count(*) FILTER (WHERE state = 'succeeded' AND verdict = 'differs') AS differing
    FROM barlift.tasks
    CROSS JOIN LATERAL (
        SELECT symbol = '*' AND state = 'succeeded' AND verdict IS NULL AND o.type = 'DATA_VERIFICATION' AS has_parts
    ) p
    WHERE operation_id = o.id
) t;
