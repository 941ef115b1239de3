-- How many open tasks wait for a series, or may make one of this name anew, as files with several symbols may; and the
-- operation of the latest one.
-- $1: series id; $2: symbol; $3: timeframe
SELECT count(*), (array_agg(operation_id ORDER BY id DESC))[1]
FROM barlift.tasks
WHERE state IN ('pending', 'running') AND (waits_for = $1 OR symbol IN ($2, '*') AND timeframe = $3)
