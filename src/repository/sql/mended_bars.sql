-- $1: series id
SELECT time, open, high, low, close, volume
FROM barlift.mended_bars
WHERE series_id = $1
ORDER BY time
