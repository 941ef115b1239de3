SELECT q.waiting, q.scheduled, q.oldest_age_seconds,
       (SELECT count(*) FROM barlift.tasks WHERE state = 'running' AND starts_with(worker, $3)) AS running,
       count(*) FILTER (WHERE w.last_seen > now() - make_interval(secs => $2)) AS workers_alive,
       (extract(epoch FROM now() - max(w.last_seen) FILTER (WHERE starts_with(w.id, $3))))::double precision
           AS heartbeat_age_seconds
FROM barlift.queue_overview() q
LEFT JOIN apalis.workers w ON w.worker_type = $1
GROUP BY q.waiting, q.scheduled, q.oldest_age_seconds
