-- Gives the series to the task unless another running task holds it. The caller has locked the series' row.
-- $1: series id
-- $2: task id
UPDATE barlift.series
SET held_by = $2
WHERE id = $1
  AND (held_by IS NULL
       OR held_by = $2
       OR NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = held_by AND h.state || '' = 'running'))
