-- The data: series and their bars.
CREATE TABLE barlift.series (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol    text NOT NULL CHECK (symbol <> ''),
    timeframe text NOT NULL CHECK (timeframe <> ''),
    -- The task that writes this series now; others wait. Means nothing unless that task is running.
    held_by   bigint,
    UNIQUE (symbol, timeframe)
);

-- No foreign key to series: it would be checked for every bar. Series are never deleted.
CREATE TABLE barlift.bars (
    series_id integer          NOT NULL,
    time      timestamptz      NOT NULL,
    open      double precision NOT NULL,
    high      double precision NOT NULL,
    low       double precision NOT NULL,
    close     double precision NOT NULL,
    volume    double precision NOT NULL,
    PRIMARY KEY (series_id, time)
);

-- For people: SELECT * FROM barlift.bars_named WHERE symbol = 'AAPL' AND timeframe = '1h' ORDER BY time;
CREATE VIEW barlift.bars_named AS
SELECT s.symbol, s.timeframe, b.time, b.open, b.high, b.low, b.close, b.volume
FROM barlift.bars b
JOIN barlift.series s ON s.id = b.series_id;
