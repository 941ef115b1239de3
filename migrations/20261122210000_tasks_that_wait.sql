-- The series that a pending task waits for, because another one holds it. It has no job meanwhile: whoever lets go of
-- the series pushes one.
ALTER TABLE barlift.tasks ADD COLUMN waits_for integer;
CREATE INDEX tasks_waiting ON barlift.tasks (waits_for, id) WHERE waits_for IS NOT NULL;

-- Whether any task may wait for it. Kept in its own row, so that whoever lets go of the series need not look.
ALTER TABLE barlift.series ADD COLUMN waited_for boolean NOT NULL DEFAULT false;

-- What waits for its series has no job to be counted by.
CREATE OR REPLACE FUNCTION barlift.queue_overview(
    -- Due, and not with any worker.
    OUT waiting bigint,
    -- With a worker.
    OUT running bigint,
    -- For later: scheduled operations, retries, and what waits for its series.
    OUT scheduled bigint,
    -- How long the longest-waiting due job has been due.
    OUT oldest_age_seconds double precision
) LANGUAGE sql STABLE AS $$
    SELECT count(*) FILTER (WHERE j.status IN ('Pending', 'Failed') AND j.run_at <= now()),
           count(*) FILTER (WHERE j.status IN ('Queued', 'Running')),
           count(*) FILTER (WHERE j.status IN ('Pending', 'Failed') AND j.run_at > now())
               + (SELECT count(*)
                  FROM barlift.tasks w
                  JOIN barlift.operations o ON o.id = w.operation_id
                  WHERE w.waits_for IS NOT NULL AND w.state = 'pending' AND o.paused_at IS NULL),
           coalesce(extract(epoch FROM now() - min(j.run_at) FILTER (
               WHERE j.status IN ('Pending', 'Failed') AND j.run_at <= now())), 0)::double precision
    FROM barlift.tasks t
    -- Only a task's last job counts; one that was settled may have left a job behind that nobody acknowledged.
    JOIN apalis.jobs j
        ON j.job_type = 'barlift.v1' AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
    WHERE t.state IN ('pending', 'running') AND j.status IN ('Pending', 'Failed', 'Queued', 'Running')
$$;
