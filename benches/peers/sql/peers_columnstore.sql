-- Direct compress needs a table without a unique index.
CREATE TABLE public.bars (
    symbol    text,
    timeframe text,
    ts        timestamptz NOT NULL,
    open      double precision,
    high      double precision,
    low       double precision,
    close     double precision,
    volume    double precision
);
SELECT create_hypertable('public.bars', by_range('ts', INTERVAL '90 days'), create_default_indexes => false);
ALTER TABLE public.bars SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'symbol, timeframe',
    timescaledb.orderby = 'ts'
);
