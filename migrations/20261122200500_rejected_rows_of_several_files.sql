-- A verification reads all files of a series.
ALTER TABLE barlift.rejected_rows
    -- Which file of the task: 0 its `source`, from 1 on those of `more_sources`.
    ADD COLUMN file integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT rejected_rows_pkey,
    ADD PRIMARY KEY (task_id, file, line);
