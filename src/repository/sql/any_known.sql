SELECT EXISTS (SELECT FROM barlift.imported_sources WHERE series_id = $1 AND options_hash = $2)
