DELETE FROM apalis.workers w
WHERE worker_type = $1
  AND last_seen < now() - interval '1 day'
  AND NOT EXISTS (SELECT FROM apalis.jobs WHERE lock_by = w.id)
