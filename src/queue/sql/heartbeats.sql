-- How many processes have workers that are alive, and when this process's workers last sent a heartbeat. A process has
-- a worker for each queue; their names differ in the number behind the last dot.
-- $1: queues; $2: seconds that a heartbeat counts; $3: what the names of this process's workers begin with
SELECT count(DISTINCT regexp_replace(id, '\.[0-9]+$', ''))
           FILTER (WHERE last_seen > now() - make_interval(secs => $2)) AS alive,
       (extract(epoch FROM now() - max(last_seen) FILTER (WHERE starts_with(id, $3))))::double precision AS own_age
FROM apalis.workers
WHERE worker_type = ANY ($1)
