SELECT id, symbol, timeframe
FROM barlift.series s
WHERE (cardinality($1::text[]) = 0 OR symbol = ANY ($1))
  AND (cardinality($2::text[]) = 0 OR timeframe = ANY ($2))
  AND EXISTS (SELECT FROM barlift.bars WHERE series_id = s.id)
ORDER BY symbol, timeframe
