-- The series that a pending task waits for, because another one holds it. It has no job meanwhile: whoever lets go of
-- the series pushes one.
ALTER TABLE barlift.tasks ADD COLUMN waits_for integer;
CREATE INDEX tasks_waiting ON barlift.tasks (waits_for, id) WHERE waits_for IS NOT NULL;

-- Whether any task may wait for it. Kept in its own row, so that whoever lets go of the series need not look.
ALTER TABLE barlift.series ADD COLUMN waited_for boolean NOT NULL DEFAULT false;
