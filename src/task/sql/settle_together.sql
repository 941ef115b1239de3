-- What `advance` (or `recognised`) and `end_attempt` do, for first attempts whose files were one batch, were recognised,
-- or failed for good before any of it was written.
-- $1 to $16, $18 to $23: a value a file, named below; $17: seconds after which the attempts' spans are due
WITH clock AS MATERIALIZED (
    -- Of the transaction's time, the bars took most.
    SELECT clock_timestamp() AS now
), files AS (
    SELECT *
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::jsonb[], $8::text[],
                $9::timestamptz[], $10::timestamptz[], $11::jsonb[], $12::jsonb[], $13::jsonb[], $14::boolean[],
                $15::bigint[], $16::boolean[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
                $22::text[], $23::text[])
         AS f (task_id, fence, checkpoint, rows, rows_imported, header, ignored_columns, version,
               first_time, last_time, phases, slowest, attempt_rows, exported, rows_skipped, recognised,
               rows_rejected, rows_duplicate, quality_issues, findings_of, error_class, error_message)
), locked AS MATERIALIZED (
    SELECT t.id
    FROM barlift.tasks t
    JOIN files f ON f.task_id = t.id AND f.fence = t.fence
    -- An attempt that has lost its task does not wait for the one that has it.
    WHERE t.state || '' = 'running'
    ORDER BY t.id
    FOR NO KEY UPDATE OF t
), ended AS (
    UPDATE barlift.tasks t
    SET state = CASE WHEN f.error_class IS NULL THEN 'succeeded' ELSE 'failed' END,
        failures = CASE WHEN f.error_class IS NULL THEN 0 ELSE t.failures + 1 END,
        rescues = 0,
        finished_at = c.now,
        checkpoint = f.checkpoint,
        rows = t.rows + f.rows,
        rows_imported = t.rows_imported + f.rows_imported,
        rows_skipped = t.rows_skipped + f.rows_skipped,
        rows_rejected = t.rows_rejected + f.rows_rejected,
        rows_duplicate = t.rows_duplicate + f.rows_duplicate,
        quality_issues = t.quality_issues + f.quality_issues,
        recognised = f.recognised,
        findings_of = f.findings_of,
        header = coalesce(f.header, t.header),
        ignored_columns = ARRAY(SELECT jsonb_array_elements_text(f.ignored_columns)),
        source_version = coalesce(f.version, t.source_version),
        first_time = least(t.first_time, f.first_time),
        last_time = greatest(t.last_time, f.last_time),
        error_class = f.error_class,
        error_message = f.error_message
    FROM files f
    JOIN locked l ON l.id = f.task_id
    CROSS JOIN clock c
    WHERE t.id = f.task_id
    RETURNING t.id, t.operation_id
)
UPDATE barlift.attempts a
SET finished_at = c.now,
    together = cardinality($1),
    outcome = CASE WHEN f.error_class IS NULL THEN 'succeeded' ELSE 'failed' END,
    error_class = f.error_class,
    error_message = f.error_message,
    phases = f.phases,
    slowest = f.slowest,
    rows = f.attempt_rows,
    span_due_at = CASE WHEN f.exported AND o.traced THEN c.now + make_interval(secs => $17) END
FROM ended e
JOIN files f ON f.task_id = e.id
JOIN barlift.operations o ON o.id = e.operation_id
CROSS JOIN clock c
WHERE a.task_id = e.id AND a.fence = f.fence
