-- A file that is recognised by its content counts its rows as the run did that read it.
ALTER TABLE barlift.imported_sources
    -- Of `rows`; none where it is not known, and then the file is read again.
    ADD COLUMN rows_rejected  bigint,
    ADD COLUMN rows_duplicate bigint,
    ADD COLUMN quality_issues bigint,
    -- The task that read the file: its rejected rows and quality issues are the file's. It may have been deleted since.
    ADD COLUMN task_id        bigint;

-- Who read it ended in the transaction that recorded it.
UPDATE barlift.imported_sources k
SET rows_rejected = t.rows_rejected, rows_duplicate = t.rows_duplicate, quality_issues = t.quality_issues, task_id = t.id
FROM barlift.tasks t
WHERE t.series_id = k.series_id AND t.finished_at = k.imported_at AND t.rows = k.rows AND NOT t.recognised;

-- Small files that were written together consist of good bars alone, as does any file with as many bars as rows.
UPDATE barlift.imported_sources k
SET rows_rejected = 0, rows_duplicate = 0, quality_issues = 0
WHERE rows_rejected IS NULL
  AND EXISTS (
      SELECT FROM barlift.source_digests d WHERE d.content_hash = k.content_hash AND d.rows = k.rows AND d.bars = k.rows);

ALTER TABLE barlift.tasks
    -- Of a recognised file: the task that has read it and holds what was found in it.
    ADD COLUMN findings_of bigint;
