-- barlift's own table, for bytes that somebody has prepared.
CREATE TABLE barlift.bars (
    series_id integer          NOT NULL,
    time      timestamptz      NOT NULL,
    open      double precision NOT NULL,
    high      double precision NOT NULL,
    low       double precision NOT NULL,
    close     double precision NOT NULL,
    volume    double precision NOT NULL
);
