INSERT INTO barlift.source_digests (content_hash, read_hash, rows, rows_rejected, rows_duplicate, bars, bars_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
