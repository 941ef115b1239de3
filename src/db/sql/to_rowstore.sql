SELECT remove_compression_policy('barlift.bars', if_exists => true);
TRUNCATE barlift.bars;
ALTER TABLE barlift.bars SET (timescaledb.compress = false);
DROP INDEX barlift.bars_series_id_time_idx;
ALTER TABLE barlift.bars ADD CONSTRAINT bars_pkey PRIMARY KEY (series_id, time);
