-- $1: symbol; $2: timeframe; $3: new symbol; $4: new timeframe
UPDATE barlift.series SET symbol = $3, timeframe = $4 WHERE symbol = $1 AND timeframe = $2
