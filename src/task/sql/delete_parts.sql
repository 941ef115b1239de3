-- The tasks of series that this one has verified.
-- $1: task id
DELETE FROM barlift.tasks WHERE part_of = $1
