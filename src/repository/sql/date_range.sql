-- $1: series id
-- Without times that no barlift writes: infinity, years past 9999.
SELECT min(time), max(time)
FROM barlift.bars
WHERE series_id = $1 AND time >= '0001-01-01Z' AND time < '9999-12-30Z'
