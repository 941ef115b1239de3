-- Most attempts change nothing here.
UPDATE barlift.operations
SET state = 'running', started_at = coalesce(started_at, now()), traced = traced OR $2
WHERE id = $1 AND (state = 'scheduled' OR $2 AND NOT traced)
