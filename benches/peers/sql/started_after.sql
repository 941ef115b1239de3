SELECT 1000 * extract(epoch FROM t.started_at - o.created_at)::float8
FROM barlift.operations o
JOIN barlift.tasks t ON t.operation_id = o.id
ORDER BY o.created_at DESC
LIMIT 1
