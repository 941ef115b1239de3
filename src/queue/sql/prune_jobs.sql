DELETE FROM apalis.jobs
WHERE job_type = $1 AND status IN ('Done', 'Killed') AND done_at < now() - interval '1 day'
