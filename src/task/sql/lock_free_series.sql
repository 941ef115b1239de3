-- Locks those of these series that nobody else has locked.
-- $1: series ids
SELECT id FROM barlift.series WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
