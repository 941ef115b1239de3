-- Claims stored spans that are due, the longest waiting first; until the claim ends, no other worker sends them.
-- $1: how long the claim lasts, in seconds
-- $2: at most how many
WITH due AS (
    SELECT id
    FROM barlift.span_outbox
    WHERE due_at <= now()
    ORDER BY due_at, id
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE barlift.span_outbox o
SET due_at = now() + make_interval(secs => $1)
FROM due
WHERE o.id = due.id
RETURNING o.id, o.span
