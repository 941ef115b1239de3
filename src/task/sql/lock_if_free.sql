-- Others may wait behind the one that is woken. A series that was taken meanwhile is left alone; whoever took it wakes.
UPDATE barlift.series s
SET waited_for = true
WHERE s.id = $1
  AND NOT EXISTS (SELECT FROM barlift.tasks WHERE id = s.held_by AND state = 'running')
RETURNING s.id
