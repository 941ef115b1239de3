-- Operations that have ended and whose dependents still wait.
SELECT DISTINCT e.id
FROM barlift.operations f
JOIN barlift.operations e ON e.id = f.follows
WHERE f.waiting AND f.finished_at IS NULL AND e.finished_at IS NOT NULL
ORDER BY e.id
