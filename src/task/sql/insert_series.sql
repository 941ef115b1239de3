INSERT INTO barlift.series (symbol, timeframe, content, content_at)
SELECT $1, $2, 0, now()
WHERE NOT EXISTS (SELECT FROM barlift.series WHERE symbol = $1 AND timeframe = $2)
ON CONFLICT DO NOTHING
