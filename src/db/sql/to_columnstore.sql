-- `bars` is empty; this drops chunks that have no bars any more.
TRUNCATE barlift.bars;
ALTER TABLE barlift.bars DROP CONSTRAINT bars_pkey;
-- For rows that are not compressed yet: without it, looking up bars would read all of them.
CREATE INDEX bars_series_id_time_idx ON barlift.bars (series_id, time);
ALTER TABLE barlift.bars SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'series_id',
    timescaledb.compress_orderby = 'time');
