-- Locks a series for whoever deletes it or changes its bars as a whole. An import's claim and `data save`, which keep its row
-- locked, are not waited for.
-- $1: symbol; $2: timeframe
SELECT id FROM barlift.series WHERE symbol = $1 AND timeframe = $2 FOR UPDATE NOWAIT
