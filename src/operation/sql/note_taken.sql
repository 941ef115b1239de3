UPDATE barlift.attempts a
SET span_due_at = NULL
FROM unnest($1::bigint[], $2::integer[]) AS taken (task_id, fence)
WHERE a.task_id = taken.task_id AND a.fence = taken.fence
