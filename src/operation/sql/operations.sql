-- Operations with the sums of their tasks, the newest first.
-- $1: operation id, or NULL for all; $2: at most how many
SELECT
    o.id, o.type, o.state, o.traceparent, o.root, o.unrecognised, o.priority, o.created_at, o.run_at, o.paused_at,
    o.started_at, o.finished_at, o.follows, o.waiting,
    coalesce((o.options ->> 'dry_run')::boolean, false) AS dry_run,
    o.options ->> 'on_mismatch' AS on_mismatch,
    o.options ->> 'mode' AS mode,
    o.options ->> 'part' AS part,
    coalesce(jsonb_array_length(o.options -> 'unexplained'), 0)::bigint AS unexplained,
    t.*
FROM (
    SELECT * FROM barlift.operations WHERE $1::text IS NULL OR id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
) o
CROSS JOIN LATERAL (
    SELECT
        -- The series of a file with several symbols have tasks of their own, once they are verified.
        count(*) FILTER (WHERE NOT has_parts) AS tasks,
        count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'succeeded' AND NOT has_parts) AS succeeded,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
        {each counter: coalesce(sum(*), 0)::bigint AS *},
        coalesce(sum(source_bytes), 0)::bigint AS bytes,
        coalesce(sum(CASE WHEN state IN ('pending', 'running') THEN least(coalesce(stored_read, checkpoint), source_bytes)
                          ELSE source_bytes END), 0)::bigint AS bytes_done,
        count(*) FILTER (WHERE state = 'succeeded' AND verdict = 'identical') AS identical,
        count(*) FILTER (WHERE state = 'succeeded' AND verdict = 'differs') AS differing
    FROM barlift.tasks
    CROSS JOIN LATERAL (
        SELECT symbol = '*' AND state = 'succeeded' AND verdict IS NULL AND o.type = 'DATA_VERIFICATION' AS has_parts
    ) p
    WHERE operation_id = o.id
) t
ORDER BY o.created_at DESC, o.id DESC
