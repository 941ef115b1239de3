SELECT source, header
FROM barlift.tasks
WHERE operation_id = $1 AND rows_rejected > 0
ORDER BY source
