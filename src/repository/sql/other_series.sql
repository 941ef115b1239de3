SELECT symbol, timeframe
FROM barlift.series s
WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS n (a, b) WHERE a = s.symbol AND b = s.timeframe)
  AND (cardinality($3::text[]) = 0 OR symbol = ANY ($3))
  AND (cardinality($4::text[]) = 0 OR timeframe = ANY ($4))
  AND EXISTS (SELECT FROM barlift.bars WHERE series_id = s.id)
ORDER BY symbol, timeframe
