-- Rows that were rejected may be bars now: without a volume, or with a number or time written in another way. Files that
-- have such rows are read again when they come again.
DELETE FROM barlift.imported_sources WHERE rows_rejected > 0;
