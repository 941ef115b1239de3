SELECT time, open, high, low, close, volume
FROM barlift.bars
WHERE series_id = $1 AND time >= $2 AND time < $3
ORDER BY time
