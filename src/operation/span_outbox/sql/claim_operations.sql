-- Ended operations whose root span is due. The caller stores the spans on this transaction.
-- $1: at most how many; $2: the kinds that this build knows
WITH due AS (
    SELECT id, type
    FROM barlift.operations
    -- A span that no worker has built for a day is given up.
    WHERE finished_at IS NOT NULL
      AND root_span_due_at BETWEEN now() - interval '1 day' AND now()
      AND type = ANY ($2)
    ORDER BY root_span_due_at
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE barlift.operations o
SET root_span_due_at = NULL
FROM due
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT has_parts) AS files,
           count(DISTINCT symbol) FILTER (WHERE symbol <> '*')
               + (SELECT count(DISTINCT s.symbol)
                  FROM barlift.tasks f
                  JOIN barlift.task_series b ON b.task_id = f.id
                  CROSS JOIN LATERAL jsonb_object_keys(b.series) AS s (symbol)
                  WHERE f.operation_id = due.id AND f.symbol = '*'
                    AND NOT EXISTS (SELECT FROM barlift.tasks o WHERE o.operation_id = due.id AND o.symbol = s.symbol)) AS symbols,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
           {each counter: coalesce(sum(*), 0)::bigint AS *},
           count(*) FILTER (WHERE state = 'succeeded' AND verdict = 'identical') AS identical,
           count(*) FILTER (WHERE state = 'succeeded' AND verdict = 'differs') AS differing
    FROM barlift.tasks
    -- The series of a file with several symbols have tasks of their own, once they are verified.
    CROSS JOIN LATERAL (
        SELECT symbol = '*' AND state = 'succeeded' AND verdict IS NULL AND due.type = 'DATA_VERIFICATION' AS has_parts
    ) p
    WHERE operation_id = due.id
) t
WHERE o.id = due.id
RETURNING o.id, o.type AS kind, o.state, o.root, o.traceparent, o.root_span_id,
          -- The span of a retry begins with the retry.
          CASE WHEN o.root_span_id IS NULL THEN coalesce(o.began_at, o.created_at) ELSE o.retried_at END AS began_at,
          CASE WHEN o.root_span_id IS NULL THEN coalesce(o.started_at, o.finished_at) ELSE o.retried_at END AS started_at,
          o.finished_at,
          -- Right after the end, the last attempt's span may still be open for a moment.
          CASE WHEN now() - o.finished_at < interval '5 seconds' THEN clock_timestamp() ELSE o.finished_at END AS ended_at,
          t.*
