-- $1: symbols; $2: timeframes; an empty array allows all
SELECT id, symbol, timeframe
FROM barlift.series s
-- One look into the index for each: an EXISTS is planned as a join, which reads all bars there are.
CROSS JOIN LATERAL (SELECT FROM barlift.bars WHERE series_id = s.id ORDER BY time LIMIT 1) bar
WHERE (cardinality($1::text[]) = 0 OR symbol = ANY ($1))
  AND (cardinality($2::text[]) = 0 OR timeframe = ANY ($2))
ORDER BY symbol, timeframe
