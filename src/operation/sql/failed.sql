-- $1: operation id
SELECT symbol, timeframe, source, attempts, coalesce(error_class, '') AS error_class,
       coalesce(error_message, '') AS error_message
FROM barlift.tasks
WHERE operation_id = $1 AND state = 'failed'
ORDER BY symbol, timeframe, source
