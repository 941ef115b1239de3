-- $1: task id
SELECT checkpoint, rows, rows_imported, rows_skipped, rows_mismatched, rows_rejected, rows_duplicate, quality_issues,
       rows_missing
FROM barlift.tasks
WHERE id = $1
