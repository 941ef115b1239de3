-- A verification's tasks: one a series, for only all files of a series together explain its bars.
ALTER TABLE barlift.tasks
    -- Further files of the series, read behind `source`, relative to the operation's root like that.
    ADD COLUMN more_sources text[] NOT NULL DEFAULT '{}',
    -- Bars of the files that the database lacks. Only a verification counts them; an import writes them.
    ADD COLUMN rows_missing bigint NOT NULL DEFAULT 0,
    -- What a verification came to; none before its end, and for an import.
    ADD COLUMN verdict text CHECK (verdict IN ('identical', 'differs')),
    DROP CONSTRAINT rows_add_up,
    ADD CONSTRAINT rows_add_up CHECK (
        rows_imported + rows_skipped + rows_mismatched + rows_rejected + rows_duplicate + rows_missing = rows);
