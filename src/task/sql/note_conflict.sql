-- $1: task id; $2: fence; $3: what the file looks like beside its series
UPDATE barlift.tasks SET shape_conflict = $3 WHERE id = $1 AND fence = $2
