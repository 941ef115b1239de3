-- Finds a series, and keeps others from deleting or renaming it. Nobody else waits for that.
-- $1: symbol; $2: timeframe
SELECT id FROM barlift.series WHERE symbol = $1 AND timeframe = $2 FOR KEY SHARE
