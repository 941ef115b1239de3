-- How a file is written, where its rows decided it: the settings that read such a file, and what to say of it. NULL: as its
-- header and the operation's settings say.
ALTER TABLE barlift.tasks ADD COLUMN layout jsonb;
