-- A new series, held at once by whoever is to write it.
INSERT INTO barlift.series (symbol, timeframe, content, content_at, held_by)
SELECT $1, $2, 0, now(), $3
WHERE NOT EXISTS (SELECT FROM barlift.series WHERE symbol = $1 AND timeframe = $2)
ON CONFLICT DO NOTHING
RETURNING id
