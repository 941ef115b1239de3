-- Tasks of operations that are open or ended within the last hour, by state.
SELECT t.state, count(*)
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE o.finished_at IS NULL OR o.finished_at > now() - interval '1 hour'
GROUP BY t.state
