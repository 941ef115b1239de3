-- $1: operation id; $2: states; $3: symbols, $4: timeframes (empty: all)
-- In the order of their ids, so that two commands never deadlock.
SELECT id, state, pushes, failures
FROM barlift.tasks
WHERE operation_id = $1
  AND state = ANY ($2)
  AND (cardinality($3::text[]) = 0 OR symbol = ANY ($3))
  AND (cardinality($4::text[]) = 0 OR timeframe = ANY ($4))
ORDER BY id
FOR NO KEY UPDATE
