-- Whoever has read a file last knows best. Files may be the same byte by byte; in their own order, so that two who
-- remember the same ones do not wait for each other.
INSERT INTO barlift.source_digests (content_hash, read_hash, rows, bars, bars_hash)
SELECT DISTINCT ON (content_hash, read_hash) content_hash, read_hash, rows, bars, bars_hash
FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[])
     AS f (content_hash, read_hash, rows, bars, bars_hash)
ORDER BY content_hash, read_hash
ON CONFLICT (content_hash, read_hash) DO UPDATE
SET rows = EXCLUDED.rows, bars = EXCLUDED.bars, bars_hash = EXCLUDED.bars_hash, known_at = now()
