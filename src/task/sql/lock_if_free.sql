-- Locks a series that no running task holds. It stays marked: others may wait behind the task that is woken. A series
-- that was taken meanwhile is left alone; whoever took it wakes the next task.
-- $1: series id
UPDATE barlift.series s
SET waited_for = true
WHERE s.id = $1
  AND NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = s.held_by AND h.state || '' = 'running')
RETURNING s.id
