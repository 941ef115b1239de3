-- $1: operation id
SELECT
    symbol, timeframe, source, t.state, attempts,
    {each counter: *},
    (extract(epoch FROM coalesce(t.finished_at, now()) - t.started_at) * 1000)::bigint AS duration_ms,
    recognised, ignored_columns,
    -- A recognised file is written as the task that read it has found.
    coalesce(layout -> 'notes', (SELECT r.layout -> 'notes' FROM barlift.tasks r WHERE r.id = t.findings_of), '[]') AS notes,
    -- A recognised file has the findings of the task that read it.
    coalesce(shape_conflict, (SELECT r.shape_conflict FROM barlift.tasks r WHERE r.id = t.findings_of)) AS shape_conflict,
    CASE WHEN error_message IS NOT NULL THEN jsonb_build_object(
        'class', coalesce(error_class, 'permanent'), 'message', error_message) END AS error,
    CASE WHEN v.task_id IS NOT NULL THEN jsonb_build_object(
        'verdict', verdict, 'csv_bars', v.csv_bars, 'db_bars', v.db_bars, 'compared', v.compared,
        'identical', v.identical, 'different', v.different, 'only_in_csv', v.only_in_csv,
        'only_in_db', v.only_in_db, 'outside', v.outside, 'by_hash', v.by_hash,
        'mended', v.mended) END AS verification
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
LEFT JOIN barlift.verifications v ON v.task_id = t.id
WHERE operation_id = $1
  -- The series of a file with several symbols have tasks of their own, once they are verified.
  AND NOT (symbol = '*' AND t.state = 'succeeded' AND verdict IS NULL AND o.type = 'DATA_VERIFICATION')
ORDER BY symbol, timeframe, source
