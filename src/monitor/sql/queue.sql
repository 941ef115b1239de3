-- $1: queues; $2: what the names of this process's workers begin with
SELECT q.waiting, q.scheduled, q.oldest_age_seconds,
       (SELECT count(*) FROM barlift.tasks WHERE state = 'running' AND starts_with(worker, $2)) AS running
FROM barlift.queue_overview($1) q
