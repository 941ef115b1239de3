-- $1: series id
SELECT DISTINCT options_hash FROM barlift.imported_sources WHERE series_id = $1
