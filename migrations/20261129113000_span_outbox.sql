-- Spans that stand for an attempt or for a whole operation. Each is stored here before it is sent for the first time and
-- deleted when an exporter has taken it, so every copy that a collector gets has the same content.
CREATE TABLE barlift.span_outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- JSON in UTF-8, whatever the database's encoding is.
    span       bytea NOT NULL,
    -- From when on a worker may send it. It lies ahead while one is sending it.
    due_at     timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX span_outbox_due ON barlift.span_outbox (due_at);
