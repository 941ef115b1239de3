-- $1: task id; $2: fence; $3: header; $4: ignored columns; $5: version of the source; $6: how it is written
UPDATE barlift.tasks
SET header = $3, ignored_columns = $4, source_version = $5, layout = $6
WHERE id = $1 AND fence = $2 AND state || '' = 'running'
