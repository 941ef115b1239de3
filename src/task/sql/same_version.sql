-- Whether the source is still the same, and whether an attempt had read some of it. What was only recognised has no
-- checkpoint to go on from.
-- $1: task id; $2: fence; $3: version of the source
SELECT source_version IS NOT DISTINCT FROM $3 AND NOT recognised, checkpoint > 0 AND NOT recognised
FROM barlift.tasks
WHERE id = $1 AND fence = $2 AND state || '' = 'running'
FOR NO KEY UPDATE
