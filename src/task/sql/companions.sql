-- Tasks that nobody has tried yet, of small files and series that are not there yet. What somebody has locked is
-- passed over.
SELECT t.id, t.symbol, t.timeframe, t.source, t.source_bytes, t.pushes
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.operation_id = $1
  AND t.state = 'pending'
  AND t.fence = 0
  AND t.waits_for IS NULL
  AND t.source_bytes <= $2
  AND o.paused_at IS NULL
  AND NOT EXISTS (SELECT FROM barlift.series s WHERE s.symbol = t.symbol AND s.timeframe = t.timeframe)
ORDER BY t.id
LIMIT $3
FOR UPDATE OF t SKIP LOCKED
