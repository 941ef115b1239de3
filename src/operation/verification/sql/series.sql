-- $1: operation id; $2: whether noteworthy series come first; $3: offset; $4: limit
WITH page AS MATERIALIZED (
    SELECT *, row_number() OVER (
        ORDER BY
            CASE
                WHEN NOT $2 THEN 0
                WHEN verdict = 'differs' THEN 0
                WHEN state = 'failed' THEN 1
                WHEN state = 'cancelled' THEN 2
                WHEN verdict IS NULL THEN 3
                WHEN rows_rejected + rows_duplicate > 0 THEN 4
                ELSE 5
            END,
            symbol, timeframe, id
    ) AS place
    FROM barlift.tasks
    -- The series of a file with several symbols have tasks of their own, once they are verified.
    WHERE operation_id = $1 AND NOT (symbol = '*' AND state = 'succeeded' AND verdict IS NULL AND rows_rejected = 0)
    ORDER BY place
    OFFSET $3 LIMIT $4
)
SELECT
    t.id AS task_id, t.symbol, t.timeframe, CASE WHEN p.id IS NULL THEN t.source || t.more_sources ELSE p.source || p.more_sources END AS sources, t.state,
    -- Of rows without a symbol nothing differs; they are rejected.
    coalesce(t.verdict, CASE WHEN t.symbol = '*' AND t.state = 'succeeded' THEN 'identical' END, 'incomplete') AS verdict,
    t.rows, t.rows_rejected, t.rows_duplicate,
    CASE WHEN t.error_message IS NOT NULL THEN jsonb_build_object(
        'class', coalesce(t.error_class, 'permanent'), 'message', t.error_message) END AS error,
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
    coalesce(v.different + v.only_in_csv + v.only_in_db, 0)
        - (SELECT count(*) FROM barlift.differences d WHERE d.task_id = t.id) AS differences_left_out
FROM page t
LEFT JOIN barlift.tasks p ON p.id = t.part_of
LEFT JOIN barlift.verifications v ON v.task_id = t.id
ORDER BY t.place
