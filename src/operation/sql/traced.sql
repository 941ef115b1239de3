-- Whether an operation's trace is kept and exported.
-- $1: operation id
SELECT traced AND barlift.is_sampled(traceparent) FROM barlift.operations WHERE id = $1
