-- What a user of the peers has: names in every row, the primary key and no other index.
CREATE TABLE public.bars (
    symbol    text,
    timeframe text,
    ts        timestamptz,
    open      double precision,
    high      double precision,
    low       double precision,
    close     double precision,
    volume    double precision,
    PRIMARY KEY (symbol, timeframe, ts)
);
