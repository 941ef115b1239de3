-- Options of the latest imports, each once.
SELECT DISTINCT options
FROM (
    SELECT options
    FROM barlift.operations
    WHERE type = 'DATA_MIGRATION'
    ORDER BY created_at DESC
    LIMIT 100
) latest
