SELECT DISTINCT symbol FROM barlift.series WHERE $1::text IS NULL OR timeframe = $1 ORDER BY symbol
