-- $1: symbol; $2: timeframe
SELECT id FROM barlift.series WHERE symbol = $1 AND timeframe = $2
