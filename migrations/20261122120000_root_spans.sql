-- What an operation's trace needs that outlives every process. One table a migration: each takes a lock that
-- running workers wait for, and two at once could wait for each other.
ALTER TABLE barlift.operations
    -- When enqueuing began, before the files were looked for; the root span starts here.
    ADD COLUMN began_at timestamptz,
    -- Whether any process exports this operation's spans; if not, nobody misses its root.
    ADD COLUMN traced boolean NOT NULL DEFAULT false,
    -- From when on a worker may export the root span; none before the end, and after an exporter took it.
    ADD COLUMN root_span_due_at timestamptz;

CREATE INDEX operations_root_span_due ON barlift.operations (root_span_due_at) WHERE root_span_due_at IS NOT NULL;
