-- $1: timeframe, or null for all
SELECT DISTINCT s.symbol
FROM barlift.series s
-- One look into the index for each: an EXISTS is planned as a join, which reads all bars there are.
CROSS JOIN LATERAL (SELECT FROM barlift.bars WHERE series_id = s.id ORDER BY time LIMIT 1) bar
WHERE $1::text IS NULL OR s.timeframe = $1
ORDER BY s.symbol
