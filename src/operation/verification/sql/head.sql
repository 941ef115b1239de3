-- $1: operation id
SELECT
    o.id, o.type, o.state, o.traceparent, o.root, o.created_at, o.started_at, o.finished_at, o.follows,
    o.options, o.unrecognised, o.run_at, o.paused_at IS NOT NULL AS paused, o.waiting, t.*
FROM barlift.operations o
CROSS JOIN LATERAL (
    SELECT
        -- The series of a file with several symbols have tasks of their own, once they are verified.
        count(*) FILTER (WHERE NOT (t.symbol = '*' AND t.state = 'succeeded' AND t.verdict IS NULL)) AS series,
        count(*) FILTER (WHERE t.state = 'succeeded' AND t.verdict = 'identical') AS identical,
        count(*) FILTER (WHERE t.state = 'succeeded' AND t.verdict = 'differs') AS differing,
        count(*) FILTER (WHERE t.state = 'failed') AS failed,
        count(*) FILTER (WHERE t.state = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE t.state IN ('pending', 'running')) AS open,
        coalesce(sum(t.rows), 0)::bigint AS csv_rows,
        coalesce(sum(v.csv_bars), 0)::bigint AS csv_bars,
        coalesce(sum(v.db_bars), 0)::bigint AS db_bars,
        coalesce(sum(v.compared), 0)::bigint AS compared,
        coalesce(sum(v.different), 0)::bigint AS different,
        coalesce(sum(v.only_in_csv), 0)::bigint AS only_in_csv,
        coalesce(sum(v.only_in_db), 0)::bigint AS only_in_db,
        coalesce(sum(v.outside), 0)::bigint AS outside,
        coalesce(sum(t.rows_rejected), 0)::bigint AS rows_rejected,
        coalesce(sum(t.rows_duplicate), 0)::bigint AS rows_duplicate
    FROM barlift.tasks t
    LEFT JOIN barlift.verifications v ON v.task_id = t.id
    WHERE t.operation_id = o.id
) t
WHERE o.id = $1
