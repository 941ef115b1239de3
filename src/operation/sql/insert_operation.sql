INSERT INTO barlift.operations
    (id, type, state, root, options, unrecognised, priority, max_attempts, traceparent, run_at, began_at, traced,
     follows, waiting)
VALUES ($1, $11, 'scheduled', $2, $3, $4, $5, $6, $7, $8, now() - make_interval(secs => $9), $10, $12, $12 IS NOT NULL)
