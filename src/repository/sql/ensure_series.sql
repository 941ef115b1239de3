-- Makes the series if it is not there.
-- $1: symbol; $2: timeframe
INSERT INTO barlift.series (symbol, timeframe, content, content_at)
VALUES ($1, $2, 0, now())
ON CONFLICT (symbol, timeframe) DO NOTHING
