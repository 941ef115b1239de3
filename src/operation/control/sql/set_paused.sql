-- $1: operation id; $2: whether it is paused
UPDATE barlift.operations
SET paused_at = CASE WHEN $2 THEN coalesce(paused_at, now()) END
WHERE id = $1 AND finished_at IS NULL
