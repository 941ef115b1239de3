-- Files with the bars of several symbols. The task of such a file has the symbol '*'; a symbol itself is never that.

-- A verification of files with several symbols keeps what it found of each series with a task of its own, which has
-- never a job.
ALTER TABLE barlift.tasks
    -- The task that has verified the series, with others.
    ADD COLUMN part_of bigint,
    DROP CONSTRAINT tasks_operation_id_source_key;
CREATE UNIQUE INDEX tasks_of_source ON barlift.tasks (operation_id, source, symbol);
CREATE INDEX tasks_of_part ON barlift.tasks (part_of) WHERE part_of IS NOT NULL;

-- What a batch of such a file has added to the counters, series by series.
CREATE TABLE barlift.task_series (
    task_id    bigint NOT NULL REFERENCES barlift.tasks ON DELETE CASCADE,
    -- The task's checkpoint behind the batch.
    checkpoint bigint NOT NULL,
    -- The name of each symbol: the counters that are not 0, and first_time and last_time if it has bars.
    series     jsonb NOT NULL,
    PRIMARY KEY (task_id, checkpoint)
);

-- A finding's symbol, where the task has several; else '', and it is the task's. Several symbols may share a line.
ALTER TABLE barlift.mismatches
    ADD COLUMN symbol text NOT NULL DEFAULT '',
    DROP CONSTRAINT mismatches_pkey,
    ADD PRIMARY KEY (task_id, line, symbol);
ALTER TABLE barlift.rejected_rows
    ADD COLUMN symbol text NOT NULL DEFAULT '',
    DROP CONSTRAINT rejected_rows_pkey,
    ADD PRIMARY KEY (task_id, file, line, symbol);
ALTER TABLE barlift.quality_issues
    ADD COLUMN symbol text NOT NULL DEFAULT '',
    DROP CONSTRAINT quality_issues_pkey,
    ADD PRIMARY KEY (task_id, line, symbol);

-- Each batch of such a file changes the content of many series: with room on their pages that touches no index.
ALTER TABLE barlift.series SET (fillfactor = 40);

-- What an import has done, series by series; `of_several`: in a file with several symbols.
CREATE VIEW barlift.series_imported AS
SELECT
    t.operation_id, t.symbol = '*' AS of_several, s.symbol, t.timeframe, t.source, s.rows, s.rows_imported, s.rows_skipped,
    s.rows_mismatched, s.rows_rejected, s.rows_duplicate, s.rows_missing, s.quality_issues, s.first_time, s.last_time
FROM barlift.tasks t
CROSS JOIN LATERAL (
    SELECT t.symbol, t.rows, t.rows_imported, t.rows_skipped, t.rows_mismatched, t.rows_rejected, t.rows_duplicate,
           t.rows_missing, t.quality_issues, t.first_time, t.last_time
    WHERE t.symbol <> '*'
    UNION ALL
    SELECT
        e.key,
        coalesce(sum((e.value ->> 'rows')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'rows_imported')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'rows_skipped')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'rows_mismatched')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'rows_rejected')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'rows_duplicate')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'rows_missing')::bigint), 0)::bigint,
        coalesce(sum((e.value ->> 'quality_issues')::bigint), 0)::bigint,
        min((e.value ->> 'first_time')::timestamptz),
        max((e.value ->> 'last_time')::timestamptz)
    FROM barlift.task_series b
    CROSS JOIN LATERAL jsonb_each(b.series) e
    WHERE b.task_id = t.id
    GROUP BY e.key
) s
JOIN barlift.operations o ON o.id = t.operation_id AND o.type = 'DATA_MIGRATION';
