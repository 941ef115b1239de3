SELECT
    symbol, timeframe, source, state, attempts,
    rows, rows_imported, rows_skipped, rows_mismatched, rows_rejected, rows_duplicate, quality_issues,
    (extract(epoch FROM coalesce(finished_at, now()) - started_at) * 1000)::bigint AS duration_ms,
    recognised, ignored_columns, error_class, error_message
FROM barlift.tasks
WHERE operation_id = $1
ORDER BY symbol, timeframe, source
