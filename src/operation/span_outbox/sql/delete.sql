-- $1: ids of spans that the exporter has taken
DELETE FROM barlift.span_outbox WHERE id = ANY ($1)
