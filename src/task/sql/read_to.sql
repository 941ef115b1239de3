-- $1: task id; $2: fence; $3: stored bytes
UPDATE barlift.tasks SET checkpoint = $3 WHERE id = $1 AND fence = $2 AND state || '' = 'running'
