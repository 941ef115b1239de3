-- apalis's own heartbeat may hold the row for as long as its table of jobs is locked; then it is no news either.
-- $1: worker
UPDATE apalis.workers
SET last_seen = now()
WHERE id = (SELECT id FROM apalis.workers WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)
  -- A late heartbeat does not bring back a worker that was deregistered.
  AND last_seen > to_timestamp(0)
