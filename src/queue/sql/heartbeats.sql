-- How many workers are alive, and when this process's worker last sent a heartbeat.
-- $1: queues; $2: seconds that a heartbeat counts; $3: what the names of this process's workers begin with
SELECT count(*) FILTER (WHERE last_seen > now() - make_interval(secs => $2)) AS alive,
       (extract(epoch FROM now() - max(last_seen) FILTER (WHERE starts_with(id, $3))))::double precision AS own_age
FROM apalis.workers
WHERE worker_type = ANY ($1)
