-- $1: the operation that has ended
WITH begun AS (
    UPDATE barlift.operations
    SET waiting = false, run_at = greatest(run_at, now())
    WHERE follows = $1 AND waiting AND finished_at IS NULL
    RETURNING id, paused_at
)
-- A paused one gets its jobs when it is resumed.
SELECT id FROM begun WHERE paused_at IS NULL
