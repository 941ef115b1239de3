-- What is recorded of this content, if it is known what became of its rows.
-- $1: series, $2: BLAKE3 of the file, $3: hash of the options
SELECT rows, rows_rejected, rows_duplicate, quality_issues, task_id, first_time, last_time, bars
FROM barlift.imported_sources
WHERE series_id = $1 AND content_hash = $2 AND options_hash = $3 AND rows_rejected IS NOT NULL
