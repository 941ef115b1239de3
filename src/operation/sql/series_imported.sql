-- What became of each series in files with several symbols.
-- $1: operation id
SELECT symbol, timeframe, source, {each counter: *}, first_time, last_time
FROM barlift.series_imported
WHERE operation_id = $1 AND of_several
ORDER BY symbol, timeframe, source
