INSERT INTO barlift.series (symbol, timeframe)
SELECT $1, $2
WHERE NOT EXISTS (SELECT FROM barlift.series WHERE symbol = $1 AND timeframe = $2)
ON CONFLICT DO NOTHING
