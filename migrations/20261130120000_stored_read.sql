-- How far a task is, in stored bytes, if its source is compressed: `checkpoint` is a place in the text, which is longer.
-- NULL: as far as `checkpoint` says.
ALTER TABLE barlift.tasks ADD COLUMN stored_read bigint;
