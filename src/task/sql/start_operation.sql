UPDATE barlift.operations SET state = 'running', started_at = now() WHERE id = $1 AND state = 'scheduled'
