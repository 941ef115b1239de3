-- Reading a W3C traceparent (00-<trace id>-<span id>-<flags>): the only place in SQL that knows its form.

-- Whether the trace is kept: the lowest bit of the flags.
CREATE FUNCTION barlift.is_sampled(traceparent text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN right(traceparent, 1) IN ('1', '3', '5', '7', '9', 'b', 'd', 'f');

-- The 16 hexadecimal digits of the span's id.
CREATE FUNCTION barlift.span_id(traceparent text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(traceparent, 37, 16);

-- The same trace with another span.
CREATE FUNCTION barlift.with_span_id(traceparent text, span_id text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN overlay(traceparent PLACING span_id FROM 37 FOR 16);
