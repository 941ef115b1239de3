-- $1 and $2: symbols and timeframes of the series to leave out; $3: symbols; $4: timeframes; an empty array allows all
WITH others AS MATERIALIZED (
    SELECT id, symbol, timeframe
    FROM barlift.series s
    WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS n (a, b) WHERE a = s.symbol AND b = s.timeframe)
      AND (cardinality($3::text[]) = 0 OR symbol = ANY ($3))
      AND (cardinality($4::text[]) = 0 OR timeframe = ANY ($4))
)
SELECT symbol, timeframe
FROM others
-- One look into the index for each: an EXISTS is planned as a join, which reads all bars there are.
CROSS JOIN LATERAL (SELECT FROM barlift.bars WHERE series_id = others.id ORDER BY time LIMIT 1) bar
ORDER BY symbol, timeframe
