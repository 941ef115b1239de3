UPDATE barlift.operations
SET waiting = false, run_at = greatest(run_at, now())
WHERE follows = $1 AND waiting AND finished_at IS NULL
RETURNING id, priority, traceparent, paused_at IS NOT NULL AS paused
