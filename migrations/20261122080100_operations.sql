-- What was asked for, and how far it is.
CREATE TABLE barlift.operations (
    id           text PRIMARY KEY CHECK (id ~ '^op_(migration|verify)_[0-9A-Z]{26}$'),
    type         text NOT NULL CHECK (type IN ('DATA_MIGRATION', 'DATA_VERIFICATION')),
    state        text NOT NULL CHECK (state IN ('scheduled', 'running', 'succeeded', 'failed', 'cancelled')),
    -- URL of the directory or bucket that holds the sources, without a password.
    root         text NOT NULL,
    -- How to read and what to do with what is found, the same for every worker.
    options      jsonb NOT NULL,
    -- CSV files found but not imported: [{path, reason}].
    unrecognised jsonb NOT NULL DEFAULT '[]',
    priority     integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 1000),
    max_attempts integer NOT NULL CHECK (max_attempts >= 1),
    -- W3C traceparent of the root span; every job's span is its child.
    traceparent  text NOT NULL CHECK (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    run_at       timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz,
    CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);

CREATE INDEX operations_newest ON barlift.operations (created_at DESC);

CREATE TABLE barlift.tasks (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operation_id    text NOT NULL REFERENCES barlift.operations ON DELETE CASCADE,
    symbol          text NOT NULL,
    timeframe       text NOT NULL,
    -- Path relative to the operation's root.
    source          text NOT NULL,
    source_bytes    bigint NOT NULL,
    state           text NOT NULL DEFAULT 'pending'
                    CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
    -- Jobs pushed for this task so far; only the last one may start an attempt.
    pushes          integer NOT NULL DEFAULT 1,
    -- Grows with each attempt; a write that names an older one is refused (fencing).
    fence           integer NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    -- Attempts that ended in a transient error, since the last success or `retry`.
    failures        integer NOT NULL DEFAULT 0,
    -- Attempts whose worker died.
    rescues         integer NOT NULL DEFAULT 0,
    worker          text,
    series_id       integer,
    -- What the file looked like when the counters below began, and how far they reach, in bytes.
    source_version  text,
    checkpoint      bigint NOT NULL DEFAULT 0,
    header          bytea,
    ignored_columns text[] NOT NULL DEFAULT '{}',
    recognised      boolean NOT NULL DEFAULT false,
    rows            bigint NOT NULL DEFAULT 0,
    rows_imported   bigint NOT NULL DEFAULT 0,
    rows_skipped    bigint NOT NULL DEFAULT 0,
    rows_mismatched bigint NOT NULL DEFAULT 0,
    rows_rejected   bigint NOT NULL DEFAULT 0,
    rows_duplicate  bigint NOT NULL DEFAULT 0,
    quality_issues  bigint NOT NULL DEFAULT 0,
    first_time      timestamptz,
    last_time       timestamptz,
    started_at      timestamptz,
    finished_at     timestamptz,
    error_class     text CHECK (error_class IN ('transient', 'permanent', 'poisoned')),
    error_message   text,
    UNIQUE (operation_id, source),
    CONSTRAINT rows_add_up CHECK (
        rows_imported + rows_skipped + rows_mismatched + rows_rejected + rows_duplicate = rows)
);

-- Whether an operation has anything left to do is asked at the end of every task.
CREATE INDEX tasks_open ON barlift.tasks (operation_id) WHERE state IN ('pending', 'running');

-- Every try, with its error.
CREATE TABLE barlift.attempts (
    task_id       bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    fence         integer NOT NULL,
    -- Which try it was; one that was handed back does not count, so numbers may come twice.
    attempt       integer NOT NULL,
    worker        text NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    outcome       text CHECK (outcome IN ('succeeded', 'failed', 'rescued', 'handed_back')),
    error_class   text,
    error_message text,
    PRIMARY KEY (task_id, fence)
);

-- Content that a series already holds: the same file again settles at once.
CREATE TABLE barlift.imported_sources (
    series_id    integer NOT NULL REFERENCES barlift.series,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    options_hash bytea NOT NULL CHECK (length(options_hash) = 32),
    rows         bigint NOT NULL,
    first_time   timestamptz,
    last_time    timestamptz,
    -- Bars of the series from first_time to last_time when the import ended.
    bars         bigint NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (series_id, content_hash, options_hash)
);

-- Operations with the sums over their tasks, for people and for `barlift status`.
CREATE VIEW barlift.operations_overview AS
SELECT
    o.id, o.type, o.state, o.traceparent, o.root, o.unrecognised, o.created_at, o.run_at, o.started_at, o.finished_at,
    coalesce((o.options ->> 'dry_run')::boolean, false) AS dry_run,
    t.*
FROM barlift.operations o
CROSS JOIN LATERAL (
    SELECT
        count(*) AS tasks,
        count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
        coalesce(sum(rows), 0)::bigint AS rows,
        coalesce(sum(rows_imported), 0)::bigint AS rows_imported,
        coalesce(sum(rows_skipped), 0)::bigint AS rows_skipped,
        coalesce(sum(rows_mismatched), 0)::bigint AS rows_mismatched,
        coalesce(sum(rows_rejected), 0)::bigint AS rows_rejected,
        coalesce(sum(rows_duplicate), 0)::bigint AS rows_duplicate,
        coalesce(sum(quality_issues), 0)::bigint AS quality_issues,
        coalesce(sum(source_bytes), 0)::bigint AS bytes,
        coalesce(sum(CASE WHEN state IN ('pending', 'running') THEN least(checkpoint, source_bytes)
                          ELSE source_bytes END), 0)::bigint AS bytes_done
    FROM barlift.tasks
    WHERE operation_id = o.id
) t;
