SELECT id FROM barlift.tasks WHERE id = $1 AND fence = $2 AND state || '' = 'running' FOR NO KEY UPDATE
