-- Which kinds of operations there are, and in which queues their jobs wait, stands in src/model/kind.rs alone, so that a
-- newer build can add one without a migration. Workers leave operations of kinds that they do not know to newer builds.
ALTER TABLE barlift.operations
    DROP CONSTRAINT operations_type_check,
    DROP CONSTRAINT operations_id_check,
    ADD CONSTRAINT operations_id_check CHECK (id ~ '^op_[a-z]+_[0-9A-Z]{26}$');

-- What waits in these queues.
CREATE FUNCTION barlift.queue_overview(
    queues text[],
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
        ON j.job_type = ANY (queues) AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
    WHERE t.state IN ('pending', 'running') AND j.status IN ('Pending', 'Failed', 'Queued', 'Running')
$$;

-- As before, and as older builds call it.
CREATE OR REPLACE FUNCTION barlift.queue_overview(
    OUT waiting bigint, OUT running bigint, OUT scheduled bigint, OUT oldest_age_seconds double precision
) LANGUAGE sql STABLE AS $$
    SELECT * FROM barlift.queue_overview(ARRAY['barlift.v1'])
$$;
