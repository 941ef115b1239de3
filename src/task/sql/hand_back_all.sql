WITH handed_back AS (
    UPDATE barlift.tasks
    SET state = 'pending', fence = fence + 1, attempts = attempts - 1
    WHERE worker = $1 AND state = 'running'
    RETURNING id, fence
)
UPDATE barlift.attempts a
SET finished_at = now(), outcome = 'handed_back'
FROM handed_back h
WHERE a.task_id = h.id AND a.fence = h.fence - 1
