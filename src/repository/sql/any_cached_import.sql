-- Whether any file was imported into the series under these options.
-- $1: series id; $2: hash of the options
SELECT EXISTS (SELECT FROM barlift.imported_sources WHERE series_id = $1 AND options_hash = $2)
