SELECT symbol, timeframe FROM barlift.series ORDER BY symbol, timeframe
