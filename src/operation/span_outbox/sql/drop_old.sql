-- Spans that no collector has taken for a day are given up.
DELETE FROM barlift.span_outbox WHERE created_at < now() - interval '1 day'
