-- Makes those of these series that are not there. Sorted, so that two of these do not deadlock.
-- $1: symbols; $2: timeframe
INSERT INTO barlift.series (symbol, timeframe, content, content_at)
SELECT w.symbol, $2, 0, now()
FROM unnest($1::text[]) AS w (symbol)
WHERE NOT EXISTS (SELECT FROM barlift.series s WHERE s.symbol = w.symbol AND s.timeframe = $2)
ORDER BY w.symbol
ON CONFLICT (symbol, timeframe) DO NOTHING
