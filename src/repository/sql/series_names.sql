SELECT symbol, timeframe FROM barlift.series LIMIT 100000
