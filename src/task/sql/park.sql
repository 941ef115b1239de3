UPDATE barlift.tasks
SET state = 'failed', rescues = $2, fence = fence + 1, finished_at = now(), error_class = $4, error_message = $3
WHERE id = $1
RETURNING operation_id
