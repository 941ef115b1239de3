-- Moves which bars are of mended rows to another series. What that one has with other values, or not at all, is forgotten.
-- $1: series id; $2: id of the other series
WITH gone AS (
    DELETE FROM barlift.mended_bars WHERE series_id = $1 RETURNING *
)
INSERT INTO barlift.mended_bars (series_id, time, task_id, {each value: *})
SELECT $2, m.time, m.task_id, {each value: m.*}
FROM gone m
WHERE EXISTS (
    SELECT FROM barlift.bars b
    WHERE b.series_id = $2 AND b.time = m.time AND ({each value: b.*}) IS NOT DISTINCT FROM ({each value: m.*}))
ON CONFLICT (series_id, time) DO UPDATE
SET task_id = EXCLUDED.task_id, {each value: * = EXCLUDED.*}
