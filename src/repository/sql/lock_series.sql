-- Takes the series' row lock, as a running import's claim does.
-- $1: symbol; $2: timeframe
SELECT id FROM barlift.series WHERE symbol = $1 AND timeframe = $2 FOR NO KEY UPDATE
