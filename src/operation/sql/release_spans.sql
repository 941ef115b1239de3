-- $1: spans that were not taken
UPDATE barlift.span_outbox SET due_at = now() WHERE id = ANY ($1)
