-- Takes the series' row lock, as a running import's claim does.
INSERT INTO barlift.series (symbol, timeframe, content, content_at)
VALUES ($1, $2, 0, now())
ON CONFLICT (symbol, timeframe) DO UPDATE SET symbol = EXCLUDED.symbol
RETURNING id
