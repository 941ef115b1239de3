-- $1: the operation that was cancelled
SELECT
FROM barlift.tasks t
JOIN barlift.operations f ON f.id = t.operation_id
WHERE f.follows = $1 AND f.waiting AND f.finished_at IS NULL
ORDER BY t.id
FOR NO KEY UPDATE OF t
