SELECT 'rejected' AS kind, r.rule, count(*) AS rows
FROM barlift.rejected_rows r
JOIN barlift.tasks t ON t.id = r.task_id
WHERE t.operation_id = $1 AND ($2::text IS NULL OR t.symbol = $2)
GROUP BY r.rule
UNION ALL
SELECT 'quality issue', rule, count(*)
FROM barlift.quality_issues q
JOIN barlift.tasks t ON t.id = q.task_id
CROSS JOIN LATERAL unnest(string_to_array(q.rules, ',')) AS rule
WHERE t.operation_id = $1 AND ($2::text IS NULL OR t.symbol = $2)
GROUP BY rule
ORDER BY 3 DESC, 1, 2
