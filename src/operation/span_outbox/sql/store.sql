-- $1: spans
INSERT INTO barlift.span_outbox (span)
SELECT unnest($1::bytea[])
