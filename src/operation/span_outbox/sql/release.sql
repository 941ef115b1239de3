-- $1: ids of spans that the exporter has not taken
UPDATE barlift.span_outbox SET due_at = now() WHERE id = ANY ($1)
