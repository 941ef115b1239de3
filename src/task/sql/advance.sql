-- Adds a batch's counters, moves the checkpoint, and keeps a verification's verdict.
-- $1: task id; $2: fence; $3: checkpoint; $4 to $10 and $16: counters to add; $11, $12: first and last time;
-- $13, $14: the attempt's phases and rows so far; $15: whether the attempt began from the start again;
-- $17, $18, $19: header, ignored columns and version of the source, with its first batch; $20: verdict;
-- $21: what the file looks like beside its series
WITH advanced AS (
    UPDATE barlift.tasks
    SET checkpoint = $3,
        rows = rows + $4,
        rows_imported = rows_imported + $5,
        rows_skipped = rows_skipped + $6,
        rows_mismatched = rows_mismatched + $7,
        rows_rejected = rows_rejected + $8,
        rows_duplicate = rows_duplicate + $9,
        quality_issues = quality_issues + $10,
        rows_missing = rows_missing + $16,
        -- What gets further is neither failing for good nor what kills its workers; but a file that changes all
        -- the time is read from its start again and again.
        failures = CASE WHEN $15 THEN failures ELSE 0 END,
        rescues = CASE WHEN $15 THEN rescues ELSE 0 END,
        header = coalesce($17, header),
        ignored_columns = coalesce($18, ignored_columns),
        source_version = coalesce($19, source_version),
        first_time = least(first_time, $11),
        last_time = greatest(last_time, $12),
        verdict = coalesce($20, verdict),
        shape_conflict = coalesce($21, shape_conflict)
    WHERE id = $1 AND fence = $2 AND state || '' = 'running'
    RETURNING id
)
-- So that a running attempt, and one that dies, has told where its time went.
UPDATE barlift.attempts a
SET phases = $13, rows = $14
FROM advanced
WHERE a.task_id = advanced.id AND a.fence = $2
