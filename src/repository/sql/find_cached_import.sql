-- The entry of a file, if it says what became of the rows (older releases did not).
-- $1: series id; $2: BLAKE3 of the file; $3: hash of the options
SELECT series_id, {each counter of a file: *}, task_id, first_time, last_time, bars
FROM barlift.imported_sources
WHERE series_id = $1 AND content_hash = $2 AND options_hash = $3 AND num_nulls({each counter of a file: *}) = 0
