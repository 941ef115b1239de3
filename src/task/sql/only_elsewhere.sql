-- Live workers are heard of three times a lease.
SELECT coalesce(bool_and(
    t.state = 'running' AND NOT starts_with(t.worker, $1)
    AND NOT EXISTS (
        SELECT FROM apalis.workers w WHERE w.id = t.worker AND w.last_seen > now() - make_interval(secs => $2 * 0.7))), false)
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.state IN ('pending', 'running') AND o.run_at <= now() AND o.paused_at IS NULL
