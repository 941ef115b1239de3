SELECT count(*) FILTER (WHERE last_seen > now() - make_interval(secs => $2)) AS alive,
       (extract(epoch FROM now() - max(last_seen) FILTER (WHERE starts_with(id, $3))))::double precision AS own_age
FROM apalis.workers
WHERE worker_type = $1
