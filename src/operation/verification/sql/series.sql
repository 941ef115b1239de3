SELECT
    t.id AS task_id, t.symbol, t.timeframe, t.source || t.more_sources AS sources, t.state, t.verdict,
    t.rows, t.rows_rejected, t.rows_duplicate, t.error_class, t.error_message,
    v.csv_bars, v.csv_first, v.csv_last, encode(v.csv_hash, 'hex') AS csv_hash,
    v.db_bars, v.db_first, v.db_last, encode(v.db_hash, 'hex') AS db_hash,
    coalesce(v.compared, 0) AS compared,
    coalesce(v.identical, 0) AS identical,
    coalesce(v.different, 0) AS different,
    coalesce(v.only_in_csv, 0) AS only_in_csv,
    coalesce(v.only_in_db, 0) AS only_in_db,
    coalesce(v.outside, 0) AS outside,
    coalesce(v.by_hash, false) AS by_hash,
    v.untouched,
    coalesce(v.duplicates, '[]') AS duplicates,
    coalesce(v.ranges_left_out, 0) AS ranges_left_out,
    d.kept
FROM barlift.tasks t
LEFT JOIN barlift.verifications v ON v.task_id = t.id
CROSS JOIN LATERAL (SELECT count(*) AS kept FROM barlift.differences WHERE task_id = t.id) d
WHERE t.operation_id = $1
ORDER BY
    CASE
        WHEN NOT $2 THEN 0
        WHEN t.verdict = 'differs' THEN 0
        WHEN t.state = 'failed' THEN 1
        WHEN t.state = 'cancelled' THEN 2
        WHEN t.verdict IS NULL THEN 3
        WHEN t.rows_rejected + t.rows_duplicate > 0 THEN 4
        ELSE 5
    END,
    t.symbol, t.timeframe, t.id
OFFSET $3 LIMIT $4
