-- What people do to operations that run: pausing, priorities, cancelling, retrying.
ALTER TABLE barlift.operations
    -- Since when none of its tasks may start; none when it is not paused.
    ADD COLUMN paused_at timestamptz,
    -- When it was retried after its end. Its jobs then have a span of their own below the root, which `traceparent`
    -- names from then on.
    ADD COLUMN retried_at timestamptz,
    ADD COLUMN root_span_id text CHECK (root_span_id ~ '^[0-9a-f]{16}$');

CREATE OR REPLACE VIEW barlift.operations_overview AS
SELECT
    o.id, o.type, o.state, o.traceparent, o.root, o.unrecognised, o.created_at, o.run_at, o.started_at, o.finished_at,
    coalesce((o.options ->> 'dry_run')::boolean, false) AS dry_run,
    t.*,
    o.priority, o.paused_at
FROM barlift.operations o
CROSS JOIN LATERAL (
    SELECT
        count(*) AS tasks,
        count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
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
        coalesce(sum(CASE WHEN state IN ('pending', 'running') THEN least(checkpoint, source_bytes)
                          ELSE source_bytes END), 0)::bigint AS bytes_done
    FROM barlift.tasks
    WHERE operation_id = o.id
) t;
