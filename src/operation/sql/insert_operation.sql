-- $1: id, $2: root, $3: options, $4: unrecognised files, $5: priority, $6: max_attempts, $7: traceparent, $8: run_at,
-- $9: seconds since the command began, $10: traced, $11: type, $12: id of the operation that it depends on, or NULL
INSERT INTO barlift.operations
    (id, type, state, root, options, unrecognised, priority, max_attempts, traceparent, run_at, began_at, traced,
     follows, waiting)
VALUES ($1, $11, 'scheduled', $2, $3, $4, $5, $6, $7, $8, now() - make_interval(secs => $9), $10, $12, $12 IS NOT NULL)
