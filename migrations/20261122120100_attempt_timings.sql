-- What an attempt did and where its time went, kept while it runs.
ALTER TABLE barlift.attempts
    -- The task's job that started it.
    ADD COLUMN push integer,
    -- Its own rows, not those of the attempts before it: {"rows": 500, "rows_imported": 500, …}
    ADD COLUMN rows jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(rows) = 'object'),
    -- {"read": {"ms": 12.5, "count": 3, "max_ms": 7.1}, "check_exists": …}
    ADD COLUMN phases jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(phases) = 'object'),
    -- The slowest statements: [{"operation": "SELECT", "statement": "…", "ms": 3.5, "rows": 5000}]
    ADD COLUMN slowest jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(slowest) = 'array'),
    -- From when on a worker may export its span, because the one that ran it cannot; none afterwards.
    ADD COLUMN span_due_at timestamptz;

CREATE INDEX attempts_span_due ON barlift.attempts (span_due_at) WHERE span_due_at IS NOT NULL;
