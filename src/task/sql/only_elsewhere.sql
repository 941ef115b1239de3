-- A live worker sends at least three heartbeats a lease, by default six.
-- $1: what the names of this process's workers begin with; $2: seconds of a lease
WITH due AS (
    SELECT t.state, t.worker
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.state IN ('pending', 'running') AND o.run_at <= now() AND o.paused_at IS NULL AND NOT o.waiting
)
SELECT EXISTS (SELECT FROM due)
   AND NOT EXISTS (
       SELECT
       FROM due
       WHERE state = 'pending'
          OR starts_with(worker, $1)
          OR EXISTS (
              SELECT FROM apalis.workers w
              WHERE w.id = due.worker AND w.last_seen > now() - make_interval(secs => $2 * 0.7)))
