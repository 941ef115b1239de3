-- Copies the bars of a series to another one, but for those whose times that one has.
-- $1: series id; $2: id of the other series
INSERT INTO barlift.bars (series_id, time, {each value: *})
SELECT $2, s.time, {each value: s.*}
FROM barlift.bars s
WHERE s.series_id = $1 AND NOT EXISTS (SELECT FROM barlift.bars t WHERE t.series_id = $2 AND t.time = s.time)
ORDER BY s.time
