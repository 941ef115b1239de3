-- Locks a series that no running task has acquired. It stays marked as waited for: other tasks may wait behind the one
-- that gets a job now. A series that was acquired meanwhile is left alone; whoever releases it gives the next task its
-- job.
-- $1: series id
UPDATE barlift.series s
SET waited_for = true
WHERE s.id = $1
  AND NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = s.held_by AND h.state || '' = 'running')
RETURNING s.id
