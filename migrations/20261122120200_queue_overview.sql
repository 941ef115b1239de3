-- The queue in one row, for metrics and scalers. A function, since a view would stand in the way of the
-- queue's own migrations.
CREATE FUNCTION barlift.queue_overview(
    -- Due, and not with any worker.
    OUT waiting bigint,
    -- With a worker.
    OUT running bigint,
    -- For later: scheduled operations and retries.
    OUT scheduled bigint,
    -- How long the longest-waiting due job has been due.
    OUT oldest_age_seconds double precision
) LANGUAGE sql STABLE AS $$
    SELECT count(*) FILTER (WHERE j.status IN ('Pending', 'Failed') AND j.run_at <= now()),
           count(*) FILTER (WHERE j.status IN ('Queued', 'Running')),
           count(*) FILTER (WHERE j.status IN ('Pending', 'Failed') AND j.run_at > now()),
           coalesce(extract(epoch FROM now() - min(j.run_at) FILTER (
               WHERE j.status IN ('Pending', 'Failed') AND j.run_at <= now())), 0)::double precision
    FROM barlift.tasks t
    -- Only a task's last job counts; one that was settled may have left a job behind that nobody acknowledged.
    JOIN apalis.jobs j
        ON j.job_type = 'barlift.v1' AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
    WHERE t.state IN ('pending', 'running') AND j.status IN ('Pending', 'Failed', 'Queued', 'Running')
$$;
