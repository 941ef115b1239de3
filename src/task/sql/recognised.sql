-- A file whose content the series holds counts as the run did that read it; its bars are there.
-- $1: task id, $2: fence, $3: rows, $4: bytes, $5: skipped, $6: rejected, $7: duplicate, $8: quality issues,
-- $9: the task that read it
UPDATE barlift.tasks
SET recognised = true, rows = $3, checkpoint = $4, rows_skipped = $5, rows_rejected = $6, rows_duplicate = $7,
    quality_issues = $8, findings_of = $9
WHERE id = $1 AND fence = $2 AND state || '' = 'running'
