-- $1: operation id; $2: symbol, or NULL for all. A recognised file has the findings of the task that read it (findings_of).
SELECT 'rejected' AS kind, r.rule, count(*) AS rows
FROM barlift.tasks t
JOIN barlift.rejected_rows r ON r.task_id = coalesce(t.findings_of, t.id)
WHERE t.operation_id = $1 AND ($2::text IS NULL OR coalesce(nullif(r.symbol, ''), t.symbol) = $2)
GROUP BY r.rule
UNION ALL
SELECT 'quality issue', rule, count(*)
FROM barlift.tasks t
JOIN barlift.quality_issues q ON q.task_id = coalesce(t.findings_of, t.id)
CROSS JOIN LATERAL unnest(string_to_array(q.rules, ',')) AS rule
WHERE t.operation_id = $1 AND ($2::text IS NULL OR coalesce(nullif(q.symbol, ''), t.symbol) = $2)
GROUP BY rule
ORDER BY 3 DESC, 1, 2
