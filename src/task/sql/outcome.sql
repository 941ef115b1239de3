-- $1: task id; $2: fence
SELECT outcome FROM barlift.attempts WHERE task_id = $1 AND fence = $2
