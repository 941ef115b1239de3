-- Stores the spans of attempts that ended in this process, where they are still owed: when this comes late, another worker
-- has stored one that it built from the record.
-- $1: task ids, $2: fences, $3: their spans
WITH owed AS (
    UPDATE barlift.attempts a
    SET span_due_at = NULL
    FROM unnest($1::bigint[], $2::integer[], $3::bytea[]) AS e (task_id, fence, span)
    WHERE a.task_id = e.task_id AND a.fence = e.fence AND a.span_due_at IS NOT NULL
    RETURNING e.span
)
INSERT INTO barlift.span_outbox (span)
SELECT span FROM owed
