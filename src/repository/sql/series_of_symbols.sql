-- $1: symbols; $2: timeframe
SELECT symbol, id FROM barlift.series WHERE symbol = ANY ($1) AND timeframe = $2
