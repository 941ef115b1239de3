-- $1: series id; $2: times
SELECT b.time, {each value: b.*}
FROM barlift.bars b
WHERE b.series_id = $1 AND b.time = ANY ($2)
ORDER BY b.time
