-- Whether the task is still its attempt's. $1: task id; $2: fence
SELECT EXISTS (SELECT FROM barlift.tasks WHERE id = $1 AND fence = $2 AND state || '' = 'running')
