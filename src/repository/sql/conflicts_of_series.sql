-- The first bars that two series have at one time with different values: the time, the first one's values, the second's.
-- Without times that no barlift writes: infinity, years past 9999.
-- $1, $2: series ids; $3: at most so many
SELECT s.time, {each value: s.*}, {each value: t.*}
FROM barlift.bars s
JOIN barlift.bars t ON t.series_id = $2 AND t.time = s.time
WHERE s.series_id = $1 AND ({each value: s.*}) IS DISTINCT FROM ({each value: t.*})
  AND s.time >= '0001-01-01Z' AND s.time < '9999-12-30Z'
ORDER BY s.time
LIMIT $3
