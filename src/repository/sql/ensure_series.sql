-- Takes the series' row lock, as a running import's claim does.
INSERT INTO barlift.series (symbol, timeframe)
VALUES ($1, $2)
ON CONFLICT (symbol, timeframe) DO UPDATE SET symbol = EXCLUDED.symbol
RETURNING id
