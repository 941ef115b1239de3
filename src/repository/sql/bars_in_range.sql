-- $1: series id; $2, $3: first and last time; $4: at most so many
SELECT time, {each value: *}
FROM barlift.bars
WHERE series_id = $1 AND time BETWEEN $2 AND $3
ORDER BY time
LIMIT $4
