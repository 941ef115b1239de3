-- Keeps the digests of files; the latest reading of a file wins. The files are sorted by key, so that two transactions
-- that keep the same ones do not deadlock, and a file that is there twice is kept once.
-- $1: BLAKE3 of the files; $2: hashes of the options to read them; $3: rows; $4: bars; $5: digests of the bars
INSERT INTO barlift.source_digests (content_hash, read_hash, rows, bars, bars_hash)
SELECT DISTINCT ON (content_hash, read_hash) content_hash, read_hash, rows, bars, bars_hash
FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[])
     AS f (content_hash, read_hash, rows, bars, bars_hash)
ORDER BY content_hash, read_hash
ON CONFLICT (content_hash, read_hash) DO UPDATE
SET rows = EXCLUDED.rows, bars = EXCLUDED.bars, bars_hash = EXCLUDED.bars_hash, known_at = now()
