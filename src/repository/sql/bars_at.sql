SELECT b.time, b.open, b.high, b.low, b.close, b.volume
FROM barlift.bars b
WHERE b.series_id = $1 AND b.time = ANY ($2)
ORDER BY b.time
