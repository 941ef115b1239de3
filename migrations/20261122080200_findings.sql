-- What an import found, row by row.
CREATE TABLE barlift.mismatches (
    task_id    bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    line       bigint NOT NULL,
    time       timestamptz NOT NULL,
    csv_open   double precision NOT NULL,
    csv_high   double precision NOT NULL,
    csv_low    double precision NOT NULL,
    csv_close  double precision NOT NULL,
    csv_volume double precision NOT NULL,
    db_open    double precision NOT NULL,
    db_high    double precision NOT NULL,
    db_low     double precision NOT NULL,
    db_close   double precision NOT NULL,
    db_volume  double precision NOT NULL,
    -- Whether the file's values replaced the database's.
    overwritten boolean NOT NULL,
    PRIMARY KEY (task_id, line)
);

-- A later row of the same time is compared with the file's first.
CREATE INDEX mismatches_time ON barlift.mismatches (task_id, time);

CREATE TABLE barlift.rejected_rows (
    task_id     bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    line        bigint NOT NULL,
    byte_offset bigint NOT NULL,
    rule        text NOT NULL,
    reason      text NOT NULL,
    -- The line as it stands in the file, without its end.
    raw         bytea NOT NULL,
    PRIMARY KEY (task_id, line)
);

CREATE TABLE barlift.quality_issues (
    task_id bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    line    bigint NOT NULL,
    time    timestamptz NOT NULL,
    open    double precision NOT NULL,
    high    double precision NOT NULL,
    low     double precision NOT NULL,
    close   double precision NOT NULL,
    volume  double precision NOT NULL,
    -- The rules it breaks, separated by commas.
    rules   text NOT NULL,
    PRIMARY KEY (task_id, line)
);
