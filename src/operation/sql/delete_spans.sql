-- $1: spans that were taken
DELETE FROM barlift.span_outbox WHERE id = ANY ($1)
