SELECT rows, bars, bars_hash FROM barlift.source_digests WHERE content_hash = $1 AND read_hash = $2
