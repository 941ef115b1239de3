-- What a verification of one series came to.
CREATE TABLE barlift.verifications (
    task_id     bigint PRIMARY KEY REFERENCES barlift.tasks ON DELETE CASCADE,
    -- Bars that the files have (each time once, without rejected rows), and the database.
    csv_bars    bigint NOT NULL,
    db_bars     bigint NOT NULL,
    csv_first   timestamptz,
    csv_last    timestamptz,
    db_first    timestamptz,
    db_last     timestamptz,
    -- Bars of the files that were compared with the database's: all, a sample, or none.
    compared    bigint NOT NULL,
    identical   bigint NOT NULL,
    different   bigint NOT NULL,
    only_in_csv bigint NOT NULL,
    -- A sample knows of those that lie between a sampled bar and the file's next one.
    only_in_db  bigint NOT NULL,
    -- Bars of the database before the files' first and behind their last, where these are no difference.
    outside     bigint NOT NULL DEFAULT 0,
    -- Contents (docs/verification.md), where all bars were read.
    csv_hash    bytea CHECK (length(csv_hash) = 16),
    db_hash     bytea CHECK (length(db_hash) = 16),
    -- Whether the files were known by their bytes, and only the contents' hashes were compared.
    by_hash     boolean NOT NULL DEFAULT false,
    -- Whether the database's bars are those that barlift left there; none where that is not known.
    untouched   boolean,
    -- Lines that repeat an earlier row, the first of them: {"source": "A_1h.csv", "line": 7}
    duplicates  jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(duplicates) = 'array'),
    -- Ranges that are too many to be kept.
    ranges_left_out bigint NOT NULL DEFAULT 0,
    CHECK (identical + different + only_in_csv = compared)
);

-- Single bars that differ, up to verify.max_differences a series.
CREATE TABLE barlift.differences (
    task_id    bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    -- From 1, in the order of time.
    n          bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('different', 'only_in_csv', 'only_in_db')),
    time       timestamptz NOT NULL,
    -- Where the file's bar stands.
    source     text,
    line       bigint,
    csv_open   double precision,
    csv_high   double precision,
    csv_low    double precision,
    csv_close  double precision,
    csv_volume double precision,
    db_open    double precision,
    db_high    double precision,
    db_low     double precision,
    db_close   double precision,
    db_volume  double precision,
    PRIMARY KEY (task_id, n),
    CHECK (num_nonnulls(source, line, csv_open, csv_high, csv_low, csv_close, csv_volume)
           = CASE kind WHEN 'only_in_db' THEN 0 ELSE 7 END),
    CHECK (num_nonnulls(db_open, db_high, db_low, db_close, db_volume)
           = CASE kind WHEN 'only_in_csv' THEN 0 ELSE 5 END)
);

-- What kind of difference there is, range by range; the ranges cover all bars.
CREATE TABLE barlift.difference_ranges (
    task_id      bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    n            integer NOT NULL,
    kind         text NOT NULL
                 CHECK (kind IN ('identical', 'only_in_csv', 'only_in_db', 'revised', 'ratio', 'shifted')),
    first_time   timestamptz NOT NULL,
    last_time    timestamptz NOT NULL,
    -- Bars of either side in it, and how many of them are identical.
    bars         bigint NOT NULL,
    identical    bigint NOT NULL,
    -- The database's values are the file's times this; none where they are not in one ratio.
    price_ratio  double precision,
    volume_ratio double precision,
    -- The database's times are the file's plus this.
    shifted_by   interval,
    PRIMARY KEY (task_id, n),
    CHECK ((kind = 'shifted') = (shifted_by IS NOT NULL))
);
