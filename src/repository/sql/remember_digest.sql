-- Whoever has read the file last knows best.
INSERT INTO barlift.source_digests (content_hash, read_hash, rows, bars, bars_hash)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (content_hash, read_hash) DO UPDATE
SET rows = EXCLUDED.rows, bars = EXCLUDED.bars, bars_hash = EXCLUDED.bars_hash, known_at = now()
