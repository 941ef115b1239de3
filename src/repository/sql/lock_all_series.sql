-- Locks series in the order of their ids, which is the order for everybody.
-- $1: series ids
SELECT id FROM barlift.series WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
