SELECT rows, first_time, last_time, bars
FROM barlift.imported_sources
WHERE series_id = $1 AND content_hash = $2 AND options_hash = $3
