-- Bars that imports of mended rows brought. The row stands in its file as it was, so a verification of that file takes
-- the bar from here. Without foreign keys: whoever writes here locks nothing else.
CREATE TABLE barlift.mended_bars (
    series_id integer NOT NULL,
    time      timestamptz NOT NULL,
    open      double precision NOT NULL,
    high      double precision NOT NULL,
    low       double precision NOT NULL,
    close     double precision NOT NULL,
    volume    double precision NOT NULL,
    -- The import that brought it.
    task_id   bigint NOT NULL,
    PRIMARY KEY (series_id, time)
);

-- How many of the files' bars are of mended rows.
ALTER TABLE barlift.verifications ADD COLUMN mended bigint NOT NULL DEFAULT 0;
