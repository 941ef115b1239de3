-- apalis's own heartbeat may hold the row for as long as its table of jobs is locked; then it is no news either.
UPDATE apalis.workers
SET last_seen = now()
WHERE id = (SELECT id FROM apalis.workers WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)
  -- A beat that comes late does not bring back who has said goodbye.
  AND last_seen > to_timestamp(0)
