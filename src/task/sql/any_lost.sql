-- Whether any of these tasks is not its attempt's any more. $1: task ids; $2: their fences
SELECT count(t.id) < cardinality($1)
FROM unnest($1::bigint[], $2::integer[]) AS f (task_id, fence)
LEFT JOIN barlift.tasks t ON t.id = f.task_id AND t.fence = f.fence AND t.state || '' = 'running'
