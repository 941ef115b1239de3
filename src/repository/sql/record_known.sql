INSERT INTO barlift.imported_sources (series_id, content_hash, options_hash, rows, first_time, last_time, bars)
SELECT $1, $2, $3, t.rows, t.first_time, t.last_time,
       coalesce($5, (SELECT count(*) FROM barlift.bars b
                     WHERE b.series_id = $1 AND b.time BETWEEN t.first_time AND t.last_time))
FROM barlift.tasks t
WHERE t.id = $4
ON CONFLICT (series_id, content_hash, options_hash) DO UPDATE
SET rows = EXCLUDED.rows, first_time = EXCLUDED.first_time, last_time = EXCLUDED.last_time,
    bars = EXCLUDED.bars, imported_at = now()
