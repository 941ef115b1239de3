SELECT time, open, high, low, close, volume
FROM barlift.bars
WHERE series_id = $1 AND time BETWEEN $2 AND $3
ORDER BY time
LIMIT $4
