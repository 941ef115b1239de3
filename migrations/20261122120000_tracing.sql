-- What an operation's trace needs that outlives every process, and where the time of its attempts went.

ALTER TABLE barlift.operations
    -- When enqueuing began, before the files were looked for; the root span starts here.
    ADD COLUMN began_at timestamptz,
    -- Whether any process exports this operation's spans; if not, nobody misses its root.
    ADD COLUMN traced boolean NOT NULL DEFAULT false,
    -- A worker is exporting the root span until then; afterwards another one may try.
    ADD COLUMN root_span_claimed_until timestamptz,
    -- When the exporter had taken it.
    ADD COLUMN root_span_emitted_at timestamptz;

CREATE INDEX operations_without_root_span ON barlift.operations (finished_at)
    WHERE traced AND finished_at IS NOT NULL AND root_span_emitted_at IS NULL;

ALTER TABLE barlift.attempts
    -- {"read": {"ms": 12.5, "count": 3, "max_ms": 7.1}, "check_exists": …}
    ADD COLUMN phases jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(phases) = 'object'),
    -- The slowest statements: [{"operation": "SELECT", "statement": "…", "ms": 3.5, "rows": 5000}]
    ADD COLUMN slowest jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(slowest) = 'array');

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
