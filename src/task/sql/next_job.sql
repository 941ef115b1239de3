-- What a job of the operation needs. A statement of its own: a command may have changed it while an earlier one waited.
-- $1: operation id
SELECT priority, traceparent FROM barlift.operations WHERE id = $1
