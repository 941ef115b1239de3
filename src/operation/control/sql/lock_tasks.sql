-- In the order of their ids, so that two commands at once never wait for each other.
SELECT id, state, pushes, failures
FROM barlift.tasks
WHERE operation_id = $1
  AND state = ANY ($2)
  AND (cardinality($3::text[]) = 0 OR symbol = ANY ($3))
  AND (cardinality($4::text[]) = 0 OR timeframe = ANY ($4))
ORDER BY id
FOR NO KEY UPDATE
