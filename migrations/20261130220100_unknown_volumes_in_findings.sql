-- A bar may have no volume: NULL, as in files that have none.
ALTER TABLE barlift.mismatches
    ALTER COLUMN csv_volume DROP NOT NULL,
    ALTER COLUMN db_volume DROP NOT NULL;

ALTER TABLE barlift.quality_issues ALTER COLUMN volume DROP NOT NULL;

ALTER TABLE barlift.mended_bars ALTER COLUMN volume DROP NOT NULL;

-- Validated by a migration of its own, which does not keep others from writing.
ALTER TABLE barlift.differences
    DROP CONSTRAINT differences_check,
    DROP CONSTRAINT differences_check1,
    ADD CONSTRAINT differences_check CHECK (
        num_nonnulls(source, line, csv_open, csv_high, csv_low, csv_close) = CASE kind WHEN 'only_in_db' THEN 0 ELSE 6 END
        AND (csv_volume IS NULL OR kind <> 'only_in_db')) NOT VALID,
    ADD CONSTRAINT differences_check1 CHECK (
        num_nonnulls(db_open, db_high, db_low, db_close) = CASE kind WHEN 'only_in_csv' THEN 0 ELSE 4 END
        AND (db_volume IS NULL OR kind <> 'only_in_csv')) NOT VALID;
