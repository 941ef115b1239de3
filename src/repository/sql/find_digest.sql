-- $1: BLAKE3 of the file; $2: hash of the options to read it
SELECT rows, bars, bars_hash FROM barlift.source_digests WHERE content_hash = $1 AND read_hash = $2
