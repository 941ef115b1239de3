-- Stores the spans of attempts that ended in this process, unless another worker has built and stored one from the
-- attempt's record because this comes late.
-- $1: task ids
-- $2: fences
-- $3: their spans
WITH ended AS (
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bytea[]) AS e (task_id, fence, span)
), locked AS MATERIALIZED (
    SELECT a.task_id, a.fence
    FROM barlift.attempts a
    JOIN ended e ON e.task_id = a.task_id AND e.fence = a.fence
    WHERE a.span_due_at IS NOT NULL
    ORDER BY a.task_id, a.fence
    FOR NO KEY UPDATE OF a
), missing AS (
    UPDATE barlift.attempts a
    SET span_due_at = NULL
    FROM locked l
    JOIN ended e ON e.task_id = l.task_id AND e.fence = l.fence
    WHERE a.task_id = l.task_id AND a.fence = l.fence
    RETURNING e.span
)
INSERT INTO barlift.span_outbox (span)
SELECT span FROM missing
