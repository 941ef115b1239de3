SELECT add_compression_policy('barlift.bars', $1::text::interval, if_not_exists => true)
